import Dialog

/// The words of the screens around the questions, in one language.
struct Phrases: Sendable {
    var invitation: String
    var progress: @Sendable (_ number: Int, _ count: Int) -> String
    var skip: String
    var finish: String
    var thanks: Message
    var notRecorded: Message
    var notEnrolled: Message
    /// What a technician does about an enrolment that failed, by its code.
    var enrolmentAdvice: [Int: String]
    var fault: @Sendable (_ code: Int) -> Message
    var machine: @Sendable (_ fault: MachineFault) -> String
    var closed: Message
    var maintenance: Maintenance
    var stillHere: String
    var secondsLeft: @Sendable (_ seconds: Int) -> String
    var moreTime: String

    /// A headline and what it means for the visitor.
    struct Message: Sendable {
        var headline: String
        var text: String
    }

    /// Languages with words of their own; in any other the surroundings of the questions are Russian.
    static let languages = ["ru", "en"]

    static func phrases(for language: String) -> Phrases { language == "en" ? english : russian }

    static var all: [Phrases] { [russian, english] }

    func message(for reason: ClosedReason) -> Message {
        switch reason {
        case .notEnrolled: notEnrolled
        case .enrolmentFailed(let code):
            Message(headline: notEnrolled.headline, text: enrolmentAdvice[code] ?? fault(code).text)
        case .fault(let code): fault(code)
        case .machine(let code): Message(headline: fault(1).headline, text: machine(code))
        case .closed: closed
        case .maintenance(let notice): Message(headline: maintenance.headline, text: maintenance.text(of: notice))
        }
    }

    private static let russian = Phrases(
        invitation: "Коснитесь экрана, чтобы оценить обслуживание",
        progress: { "\($0) из \($1)" },
        skip: "Пропустить",
        finish: "Готово",
        thanks: Message(headline: "Спасибо!", text: "Ваша оценка сохранена"),
        notRecorded: Message(
            headline: "Оценка не сохранена",
            text: "Не удалось записать ваш ответ. Пожалуйста, попробуйте ещё раз через минуту."),
        notEnrolled: Message(
            headline: "Оценка пока недоступна",
            text: "Киоск ещё не подключён к серверу. Специалисту: получите код регистрации и запишите его в файл "
                + "otsenka-enrol.yaml на загрузочном разделе."),
        enrolmentAdvice: [
            11:
                "Код 11. Специалисту: файл otsenka-enrol.yaml заполнен с ошибкой. Проверьте адрес, код и отпечаток ключа.",
            12: "Код 12. Специалисту: код регистрации неверен, устарел или уже использован. Получите новый.",
            13: "Код 13. Специалисту: у сервера не тот ключ, что указан в файле. Сверьте отпечаток; если он верен, "
                + "сообщите оператору региона.",
            14: "Код 14. Специалисту: сервер не отвечает. Проверьте кабель и адрес. Киоск повторяет попытки сам.",
            15: "Код 15. Специалисту: по этому адресу отвечает не сервер оценок. Проверьте адрес и сеть.",
        ],
        fault: {
            Message(
                headline: "Оценка временно недоступна",
                text: "Приносим извинения. Пожалуйста, сообщите сотруднику код неисправности: \($0).")
        },
        machine: {
            switch $0 {
            case .diskTooSmall:
                "Код D1. Специалисту: на диске нет места для раздела данных. Нужен диск от 2 ГБ; запишите на него "
                    + "образ заново."
            case .noData:
                "Код D2. Специалисту: раздел данных не работает. Включите киоск ещё раз; если код остался, замените "
                    + "диск."
            case .damagedSystem:
                "Код D3. Специалисту: система на диске повреждена. Запишите её заново, как сказано в руководстве; "
                    + "оценки при этом сохранятся."
            }
        },
        closed: Message(
            headline: "Сейчас оценки не принимаются", text: "Приём оценок возобновится позже."),
        maintenance: .russian,
        stillHere: "Вы ещё здесь?",
        secondsLeft: { "Осталось \($0) с" },
        moreTime: "Мне нужно ещё время")

    private static let english = Phrases(
        invitation: "Touch the screen to rate the service",
        progress: { "\($0) of \($1)" },
        skip: "Skip",
        finish: "Done",
        thanks: Message(headline: "Thank you!", text: "Your rating has been saved"),
        notRecorded: Message(
            headline: "Your rating was not saved",
            text: "We could not record your answer. Please try again in a minute."),
        notEnrolled: Message(
            headline: "Ratings are not available yet",
            text: "This kiosk is not connected to a server yet. Technician: get an enrolment code and write it to the "
                + "file otsenka-enrol.yaml on the boot partition."),
        enrolmentAdvice: [
            11: "Code 11. Technician: the file otsenka-enrol.yaml has a mistake. Check address, code and pin.",
            12: "Code 12. Technician: the enrolment code is wrong, too old or used already. Get a new one.",
            13: "Code 13. Technician: the server has another key than the file says. Compare the pin; if it is right, "
                + "tell the region's operator.",
            14: "Code 14. Technician: the server does not answer. Check the cable and the address. The kiosk goes on "
                + "trying.",
            15: "Code 15. Technician: what answers at this address is not a ratings server. Check address and network.",
        ],
        fault: {
            Message(
                headline: "Ratings are temporarily unavailable",
                text: "We are sorry. Please tell a member of staff this fault code: \($0).")
        },
        machine: {
            switch $0 {
            case .diskTooSmall:
                "Code D1. Technician: the disk has no room for the data partition. Take a disk of 2 GB or more and write "
                    + "the image to it."
            case .noData:
                "Code D2. Technician: the data partition does not work. Switch the kiosk on again; if the code stays, "
                    + "change the disk."
            case .damagedSystem:
                "Code D3. Technician: the system on the disk is damaged. Write it anew as the guide says; the ratings "
                    + "will be kept."
            }
        },
        closed: Message(headline: "Ratings are closed at the moment", text: "Please come back later."),
        maintenance: .english,
        stillHere: "Are you still there?",
        secondsLeft: { "\($0) s left" },
        moreTime: "I need more time")
}

/// Small corrections of typesetting that a reader never notices and would miss.
enum Typography {
    /// Keeps words of one or two letters on the line of the next word, and a number with its unit, as Russian
    /// typesetting asks («в очереди», «12 с»); harmless in other languages.
    static func bind(_ text: String) -> String {
        var result = ""
        var wordLength = 0
        var wordIsNumber = false
        for character in text {
            if character == " " {
                result.append((1...2).contains(wordLength) || wordIsNumber ? "\u{A0}" : " ")
                wordLength = 0
                wordIsNumber = false
            } else {
                wordIsNumber = character.isASCII && character.isNumber && (wordLength == 0 || wordIsNumber)
                wordLength += 1
                result.append(character)
            }
        }
        return result
    }
}
