/// The page that explains to an auditor how to check one press by hand, as its template sees it.
///
/// The commands are the page's own text: `AuditTests` runs what stands on the page, in the order in which it stands there.
struct AuditView {
    let language: String
    let otherLanguage: String
    let otherName: String
    let product: String
    let collector: String
    let title: String
    let lead: String
    let steps: [Step]
    let notes: [Step]

    struct Step {
        let title: String
        let text: String
        var code: String?
        /// What is to be seen.
        var after: String?
    }

    init(_ language: PageLanguage, collector: String, key: String) {
        let commands = AuditCommands(collector: collector, key: key)
        self.language = language.rawValue
        self.collector = collector
        switch language {
        case .russian:
            (otherLanguage, otherName, product) = ("en", "English", "Оценка")
            title = "Как проверить одно нажатие вручную"
            lead = Self.russianLead
            steps = Self.russian(commands)
            notes = Self.russianNotes(commands)
        case .english:
            (otherLanguage, otherName, product) = ("ru", "Русский", "Otsenka")
            title = "How to check one press by hand"
            lead = Self.englishLead
            steps = Self.english(commands)
            notes = Self.englishNotes(commands)
        }
    }
}

/// What an auditor types into a POSIX shell; nothing of ours is needed.
struct AuditCommands {
    let collector: String
    let key: String

    var facts: String {
        """
        ADDRESS='https://\(collector):8443'
        NAME='\(collector)'
        KEY='\(key)'
        KIOSK='hall-1'
        EPOCH=1
        SEQ=2
        """
    }

    var fetch: String { #"curl -fsSk -o list.txt "$ADDRESS/v1/heads/newest""# }

    /// 12 bytes before a raw Ed25519 key make it the DER that OpenSSL reads (RFC 8410).
    var signature: String {
        #"""
        sed '/^$/,$d' list.txt > list.text
        printf '\060\052\060\005\006\003\053\145\160\003\041\000' > key.der
        printf '%s' "$KEY" | base64 -d >> key.der
        openssl pkey -pubin -inform DER -in key.der -out key.pem
        grep "^— $NAME " list.txt | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c +5 > list.sig
        openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in list.text -sigfile list.sig
        """#
    }

    var head: String { #"grep "^head $KIOSK $EPOCH " list.text"# }

    var press: String {
        #"""
        sed -n "/^epoch .*\"epoch\":$EPOCH,.*\"kiosk\":\"$KIOSK\"/,/^epoch /p" export.txt > epoch.txt
        grep '^{' epoch.txt > records.txt
        sed -n "${SEQ}p" records.txt
        """#
    }

    var hash: String {
        #"""
        sed -n "${SEQ}p" records.txt | tr -d '\n' | sha256sum
        sed -n "${SEQ}p" records.txt | tr -d '\n' | openssl dgst -sha256 -binary | base64
        sed -n "$((SEQ + 1))p" records.txt | grep -o '"prev":"[^"]*"'
        """#
    }

    var chain: String {
        #"""
        LAST=$(grep "^head $KIOSK $EPOCH " list.text | cut -d ' ' -f 4)
        SIGNED=$(grep "^head $KIOSK $EPOCH " list.text | cut -d ' ' -f 5)
        n=0
        head -n "$LAST" records.txt | {
          while IFS= read -r line; do
            n=$((n + 1))
            if [ "$n" -gt 1 ]; then
              case "$line" in
                *"\"prev\":\"$hash\""*) ;;
                *) echo "RECORD $n DOES NOT FOLLOW"; break ;;
              esac
            fi
            hash=$(printf '%s' "$line" | openssl dgst -sha256 -binary | base64)
          done
          if [ "$n" = "$LAST" ] && [ "$hash" = "$SIGNED" ]
          then echo "THE CHAIN HOLDS"
          else echo "THE CHAIN IS BROKEN"
          fi
        }
        """#
    }

    var kiosk: String {
        #"""
        sed -n '1s/.*"journalKey":"\([^"]*\)".*/\1/p' epoch.txt > kiosk.key
        note=$(grep '^arrival ' epoch.txt | tail -n 1 | sed 's/.*"checkpoint":"\([^"]*\)".*/\1/')
        printf '%b' "$note" > kiosk.note
        sed '/^$/,$d' kiosk.note > kiosk.text
        printf '\060\052\060\005\006\003\053\145\160\003\041\000' > kiosk.der
        base64 -d < kiosk.key >> kiosk.der
        openssl pkey -pubin -inform DER -in kiosk.der -out kiosk.pem
        grep "^— $KIOSK " kiosk.note | head -n 1 | cut -d ' ' -f 3 | base64 -d | tail -c +5 > kiosk.sig
        openssl pkeyutl -verify -pubin -inkey kiosk.pem -rawin -in kiosk.text -sigfile kiosk.sig
        """#
    }

    var all: String { #"otsenka-collector verify --heads list.txt --export export.txt --name "$NAME" --key "$KEY""# }
    var export: String { "otsenka-collector export --dir DIR --out export.txt" }
}
