import Collecting
import Logging
import Reporting
import ServiceLifecycle

/// Makes a list of heads once a day while the collector runs, and hands it to the witness if there is one.
struct DailyHeads: Service {
    let collector: Collector
    let witness: (any WitnessClient)?
    let logger: Logger
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    private static let pause = Duration.seconds(60)

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await turn()
                // Ends early, with an error that says nothing new, when the program ends.
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private func turn() async {
        do {
            let time = now()
            if HeadsPolicy.isDue(last: try await collector.heads(), now: time) {
                let made = try await collector.makeHeads(day: Self.day(time), now: time)
                logger.notice(
                    "a list of heads was made",
                    metadata: ["number": "\(made.list.number)", "hash": "\(made.list.hash)"])
            }
            if let witness, let told = try await collector.tell(witness) {
                logger.notice("the witness cosigned", metadata: ["list": "\(told)"])
            }
        } catch let refusal as WitnessRefusal {
            logger.error("the witness refuses the list of heads", metadata: ["cause": "\(refusal)"])
        } catch {
            logger.error("the list of heads was not made or not cosigned", metadata: ["cause": "\(error)"])
        }
    }

    /// The UTC day of a time in milliseconds since 1970.
    static func day(_ now: Int64) -> String { String(CivilTime(seconds: now / 1000).rfc3339.prefix(10)) }
}
