// What time does, and when to look again.

extension DialogMachine {
    /// When to send `timePassed`, in monotonic milliseconds; nothing while only an event can change anything.
    public var deadline: Int64? {
        [
            phaseDeadline,
            outbox.head?.sent.map { $0 + limits.store },
            contacts.stuckDeadline(limits.stuckContact),
        ].compactMap(\.self).min()
    }

    private var phaseDeadline: Int64? {
        switch phase {
        case .idle, .closed: nil
        case .asking(let session): session.press.map(pressDeadline) ?? idleDeadline(session)
        case .thanks(_, let until): until
        case .failed(_, _, let until): until
        }
    }

    private func pressDeadline(_ press: Press) -> Int64? {
        if press.isDurable { return press.time + limits.highlightMinimum }
        return press.isHighlighted ? press.time + limits.highlightMaximum : nil
    }

    private func idleDeadline(_ session: OpenSession) -> Int64 {
        guard let warning = session.warning else { return session.alive + limits.warning }
        if let answered = warning.answered { return answered + limits.highlightMinimum }
        return resetTime(session) - Int64(warning.secondsLeft - 1) * 1000
    }

    private func resetTime(_ session: OpenSession) -> Int64 { session.alive + limits.warning + limits.reset }

    /// Carries out everything that is due by `now`.
    mutating func passTime() {
        contacts.findStuck(at: now, limits.stuckContact)
        if let head = outbox.head, let sent = head.sent, now >= sent + limits.store, let entry = outbox.take(head.token)
        {
            actions.append(.storeSilent)
            fail(entry)
        }
        switch phase {
        case .idle, .closed: break
        case .asking(var session): passTime(&session)
        case .thanks(_, let until) where now >= until: isBroken ? restart() : rest()
        case .failed(_, _, let until?) where now >= until: restart()
        case .thanks, .failed: break
        }
    }

    private mutating func passTime(_ session: inout OpenSession) {
        if let press = session.press {
            if press.isDurable, now >= press.time + limits.highlightMinimum {
                return advance(&session, after: press.target)
            }
            if now >= press.time + limits.highlightMaximum { session.press?.isHighlighted = false }
        } else if let answered = session.warning?.answered {
            if now >= answered + limits.highlightMinimum { arm(&session) }
        } else if now >= resetTime(session) {
            end(session, .timeout)
            return rest()
        } else if now >= session.alive + limits.warning {
            session.warning = Warning(secondsLeft: Int((resetTime(session) - now + 999) / 1000))
        }
        phase = .asking(session)
    }
}
