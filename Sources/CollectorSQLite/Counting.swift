import Collecting
import GRDB
import Ratings

extension SQLiteAccess {
    private static let rated = "(overall IS NOT NULL AND outcome IS NOT 'refused')"

    func summary() throws -> CollectorSummary {
        let ratings = try Int.fetchOne(db, sql: "SELECT count(*) FROM session WHERE \(Self.rated)")
        let kiosks = try Int.fetchOne(
            db,
            sql: "SELECT count(DISTINCT kiosk) FROM epoch JOIN kiosk ON kiosk.id = epoch.kiosk WHERE revoked IS NULL")
        return CollectorSummary(ratings: ratings ?? 0, kiosks: kiosks ?? 0)
    }

    func tallies(_ query: TallyQuery) throws -> [Tally] {
        let grouping = Grouping(query)
        let sql = """
            SELECT \(grouping.columns) overall, outcome, flags IS NOT NULL AS flagged, uncertainty > 0 AS uncertain,
                count(*) AS n
            FROM session \(grouping.join) WHERE \(grouping.condition)
            GROUP BY \(grouping.columns) overall, outcome, flagged, uncertain
            ORDER BY \(grouping.columns) overall
            """
        var tallies: [Tally] = []
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: grouping.arguments)
        while let row = try cursor.next() {
            let keys = try grouping.keys(of: row)
            if tallies.last?.keys != keys { tallies.append(Tally(keys: keys)) }
            try count(row, in: &tallies[tallies.count - 1])
        }
        return tallies
    }

    private func count(_ row: Row, in tally: inout Tally) throws {
        let n: Int = try row.get("n")
        tally.shown += n
        var outcome: Outcome?
        if let text: String = try row.optional("outcome") {
            guard let known = Outcome(rawValue: text) else { throw damaged("the outcome \"\(text)\"") }
            outcome = known
            tally.outcomes[known, default: 0] += n
        } else {
            tally.unfinished += n
        }
        guard let mark: Int = try row.optional("overall"), outcome != .refused else { return }
        tally.marks[mark, default: 0] += n
        let flagged: Bool = try row.get("flagged")
        if flagged {
            tally.flagged += n
            tally.flaggedMarks[mark, default: 0] += n
        }
        let uncertain: Bool = try row.get("uncertain")
        if uncertain { tally.uncertain += n }
    }

    func answerTallies(_ query: TallyQuery) throws -> [AnswerTally] {
        let grouping = Grouping(query)
        let sql = """
            SELECT \(grouping.columns) answer.question AS question, answer.value AS value, count(*) AS n
            FROM session JOIN answer ON answer.chain = session.chain AND answer.session = session.session
                \(grouping.join)
            WHERE \(grouping.condition) AND outcome IS NOT 'refused'
            GROUP BY \(grouping.columns) question, value
            ORDER BY \(grouping.columns) question, value
            """
        var tallies: [AnswerTally] = []
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: grouping.arguments)
        while let row = try cursor.next() {
            let keys = try grouping.keys(of: row)
            let question: String = try row.get("question")
            if tallies.last?.keys != keys || tallies.last?.question != question {
                tallies.append(AnswerTally(keys: keys, question: question))
            }
            let n: Int = try row.get("n")
            if let mark: Int = try row.optional("value") {
                tallies[tallies.count - 1].marks[mark, default: 0] += n
            } else {
                tallies[tallies.count - 1].passed += n
            }
        }
        return tallies
    }
}

/// A query's dimensions as SQL.
private struct Grouping {
    /// Each column followed by a comma.
    let columns: String
    let join: String
    let condition: String
    let arguments: StatementArguments
    private let count: Int

    init(_ query: TallyQuery) {
        count = query.dimensions.count
        columns = query.dimensions.map { Self.column($0, zoneMinutes: query.zoneMinutes) + ", " }.joined()
        join = query.dimensions.contains(.kiosk) ? "JOIN epoch ON epoch.chain = session.chain" : ""
        var conditions = ["TRUE"]
        var arguments = StatementArguments()
        if let from = query.from {
            conditions.append("session.placed >= ?")
            arguments += [from]
        }
        if let to = query.to {
            conditions.append("session.placed < ?")
            arguments += [to]
        }
        if let sources = query.sources {
            conditions.append("session.source IN (\(sources.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(sources.map(\.rawValue))
        }
        condition = conditions.joined(separator: " AND ")
        self.arguments = arguments
    }

    func keys(of row: Row) throws -> [String] { try (0..<count).map { try row.get(at: $0) } }

    private static func column(_ dimension: TallyDimension, zoneMinutes: Int) -> String {
        switch dimension {
        case .office: "session.office"
        case .service: "session.service"
        case .window: "session.window"
        case .kiosk: "epoch.kiosk"
        case .questionnaire: "session.questionnaire"
        case .language: "session.language"
        case .source: "session.source"
        case .month: "strftime('%Y-%m', session.placed / 1000 + \(zoneMinutes * 60), 'unixepoch')"
        }
    }
}
