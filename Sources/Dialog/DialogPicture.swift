import Ratings

extension DialogMachine {
    /// What is on the screen. It changes only in `handle`.
    public var view: DialogView {
        let mark = technicianMark || contacts.isStuck
        switch phase {
        case .idle:
            return DialogView(screen: .idle, language: language, technicianMark: mark)
        case .asking(let session):
            return DialogView(
                screen: .question(picture(of: session)), language: session.language,
                warning: session.warning.map {
                    TimeWarning(secondsLeft: $0.secondsLeft, pressed: $0.answered == nil ? nil : .moreTime)
                }, technicianMark: mark)
        case .thanks(let language, _):
            return DialogView(screen: .thanks, language: language, technicianMark: mark)
        case .failed(let screen, let language, _):
            return DialogView(screen: screen, language: language, technicianMark: mark)
        case .closed:
            return DialogView(screen: .closed(closing ?? .closed), language: language, technicianMark: mark)
        }
    }

    private func picture(of session: OpenSession) -> QuestionScreen {
        QuestionScreen(
            question: questionnaire.questions[session.index], number: session.index + 1,
            count: questionnaire.questions.count,
            pressed: session.press.flatMap { $0.isHighlighted ? $0.target : nil }, mayFinish: session.mayFinish)
    }
}
