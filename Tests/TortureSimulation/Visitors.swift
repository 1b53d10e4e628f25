import Dialog
import Ratings

extension World {
    /// People who come to a kiosk, one after another, until faults have stopped.
    func receiveVisitors(at box: Box) {
        plan(after: scenario.visitMilliseconds / 2 + draw(UInt64(scenario.visitMilliseconds))) { [unowned self] in
            guard !isHealed, !box.isClone || box.isOn else { return }
            if let run = box.run {
                if draw(3) == 0 {
                    run.handle(
                        .visit(
                            Visit(
                                source: .queue, window: draw(2) == 0 ? "\(1 + draw(3))" : nil,
                                service: draw(3) == 0 ? "land" : nil)))
                }
                press(box, patience: 12)
            }
            receiveVisitors(at: box)
        }
    }

    /// One person: touches the screen, reads, presses, and goes when they are thanked or have enough.
    private func press(_ box: Box, patience: Int) {
        guard patience > 0, let run = box.run else { return }
        switch run.machine.view.screen {
        case .idle:
            guard patience > 10 else { return }
            touch(run, .start)
        case .question(let screen) where screen.pressed == nil:
            switch draw(20) {
            case 0: return
            case 1: touch(run, .finish)
            case 2 where screen.question.mayBeSkipped: touch(run, .skip)
            case 3: touch(run, nil)
            default: touch(run, .answer(Int(1 + draw(5))))
            }
        case .question: break
        case .thanks, .notRecorded, .closed: return
        }
        plan(after: 400 + draw(3_000)) { [unowned self] in press(box, patience: patience - 1) }
    }

    private func touch(_ run: RunProgram, _ target: TargetID?) {
        run.handle(.contactDown(target: target))
        run.handle(.allContactsUp)
    }
}
