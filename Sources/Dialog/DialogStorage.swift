import Ratings

// What the answers of the store do.

extension DialogMachine {
    mutating func stored(_ token: AppendToken) {
        guard let entry = outbox.take(token) else { return }
        guard case .answer(let answer) = entry.body, case .asking(var session) = phase, answer.session == session.id
        else { return }
        session.press?.isDurable = true
        if let value = answer.value { session.mark(value, at: now) }
        phase = .asking(session)
    }

    /// The store did not take `entry`, or did not say so in time. Whatever waits behind it is given up: after a failed
    /// commit nothing more may be written through this store (`reliability.md` §1, fact 4).
    mutating func fail(_ entry: Outbox.Entry) {
        outbox.removeAll()
        switch phase {
        case .asking(let session) where session.press != nil:
            if case .answer(let answer) = entry.body {
                actions.append(.failedAnswer(answer.session, question: answer.question))
            }
            phase = .failed(.notRecorded, language: session.language, until: now + limits.notRecorded)
        case .asking:
            phase = .failed(.closed(.storeFault), language: language, until: now + limits.notRecorded)
        case .thanks:
            isBroken = true
        case .idle, .closed:
            restart()
        case .failed:
            break
        }
    }

    mutating func restart() {
        actions.append(.restart)
        phase = .failed(.closed(.storeFault), language: language, until: nil)
    }
}
