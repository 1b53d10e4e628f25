extension AuditView {
    static let russianLead =
        "Каждое нажатие — это запись: одна строка, которую киоск написал и больше не менял. В ней стоит хеш предыдущей "
        + "записи, поэтому нельзя изменить или убрать одну, не изменив все следующие. Раз в день регион подписывает "
        + "список последних хешей всех киосков и публикует его. Здесь показано, как пройти от нажатия до этой подписи "
        + "обычными командами Linux: sha256sum и openssl. Наши программы для этого не нужны."

    static func russian(_ commands: AuditCommands) -> [Step] {
        [
            Step(
                title: "Что проверяем",
                text: "Укажите адрес этой страницы, имя региона, его ключ подписи, киоск, эпоху и номер записи. Ключ "
                    + "сверьте с тем, что опубликован отдельно: в бюллетене или в документах о вводе киоска. Если регион "
                    + "менял ключ, для старого списка берётся ключ из его строки «key».",
                code: commands.facts),
            Step(
                title: "Возьмите подписанный список",
                text: "Лучше всего список, который вы сохранили раньше: его уже никто не может подменить. Новый можно "
                    + "скачать. Доверять соединению не нужно: список подписан сам.",
                code: commands.fetch),
            Step(
                title: "Проверьте подпись списка",
                text: "Подписан текст до пустой строки. Подпись Ed25519 — последние 64 байта в строке, которая "
                    + "начинается с тире и имени региона; перед ними 4 байта — метка ключа.",
                code: commands.signature, after: "Должно появиться: Signature Verified Successfully."),
            Step(
                title: "Найдите киоск в списке",
                text: "После киоска и эпохи стоят номер его последней записи и её хеш.", code: commands.head),
            Step(
                title: "Возьмите записи киоска",
                text: "Файл export.txt выдаёт регион. Записи лежат в нём так, как их написал киоск, по одной в строке. "
                    + "Последняя команда показывает то самое нажатие.",
                code: commands.press),
            Step(
                title: "Посчитайте хеш записи",
                text: "Хеш берётся от строки без перевода строки. Первая команда пишет его шестнадцатеричными цифрами, "
                    + "вторая — в Base64.",
                code: commands.hash, after: "В поле «prev» следующей записи должен стоять тот же хеш."),
            Step(
                title: "Пройдите до подписанной записи",
                text: "То же самое для всех записей подряд, до последней, которая названа в списке. Если хоть одна "
                    + "изменена, убрана или переставлена, цепочка прервётся на ней.",
                code: commands.chain, after: "Должно появиться: THE CHAIN HOLDS («цепочка цела»)."),
            Step(
                title: "Проверьте подпись самого киоска",
                text:
                    "Список подписал регион. Но и киоск подписывает свои записи, своим ключом, которого у региона нет. "
                    + "Здесь проверяется подпись под последней переданной частью. Если киоск менял ключ, возьмите новый "
                    + "из его записи вида «key».",
                code: commands.kiosk, after: "И здесь: Signature Verified Successfully."),
        ]
    }

    static func russianNotes(_ commands: AuditCommands) -> [Step] {
        [
            Step(
                title: "Если что-то не сошлось",
                text: "Сохраните list.txt и export.txt без изменений и сообщите тому, кто вёл проверку, и региону. Два "
                    + "подписанных списка, которые противоречат друг другу, доказывают подмену без других свидетельств."
            ),
            Step(
                title: "Всё сразу",
                text: "Та же проверка для всех киосков, с временем приёма, местами и событиями. Программе не нужны ни "
                    + "база данных региона, ни его ключи.",
                code: commands.all),
            Step(
                title: "Как регион делает выгрузку",
                text: "В ней нет ни ключей, ни кодов, и ничего, что указывало бы на посетителя.", code: commands.export),
        ]
    }

    static let englishLead =
        "Each press is a record: one line that the kiosk wrote and never changed. It carries the hash of the record before "
        + "it, so none can be changed or taken out without changing all that follow. Once a day the region signs a list of "
        + "the newest hashes of all kiosks and publishes it. This page shows how to walk from a press to that signature "
        + "with the ordinary commands sha256sum and openssl. None of our programs is needed."

    static func english(_ commands: AuditCommands) -> [Step] {
        [
            Step(
                title: "What is to be checked",
                text:
                    "State this page's address, the region's name and signing key, the kiosk, the epoch and the number "
                    + "of the record. Compare the key with the one that is published elsewhere: in a bulletin, or in the "
                    + "papers of a kiosk's enrolment. If the region has changed its key, an older list is checked with "
                    + "the one in its line “key”.",
                code: commands.facts),
            Step(
                title: "Take a signed list",
                text: "The best one is a list that you kept earlier: nobody can exchange it any more. A new one can be "
                    + "fetched. The connection need not be trusted: the list is signed itself.",
                code: commands.fetch),
            Step(
                title: "Check the signature of the list",
                text:
                    "What is signed is the text up to the empty line. The Ed25519 signature is the last 64 bytes in the "
                    + "line that begins with a dash and the region's name; the 4 bytes before it name the key.",
                code: commands.signature, after: "It must say: Signature Verified Successfully."),
            Step(
                title: "Find the kiosk in the list",
                text: "After the kiosk and the epoch stand the number of its newest record and that record's hash.",
                code: commands.head),
            Step(
                title: "Take the kiosk's records",
                text:
                    "The region hands out the file export.txt. The records stand in it as the kiosk wrote them, one a "
                    + "line. The last command shows the press in question.",
                code: commands.press),
            Step(
                title: "Compute the record's hash",
                text:
                    "It is taken over the line without its newline. The first command writes it in hexadecimal digits, "
                    + "the second in Base64.",
                code: commands.hash, after: "The field “prev” of the next record must hold the same hash."),
            Step(
                title: "Walk to the signed record",
                text: "The same for all records in order, up to the one that the list names. If any was changed, taken "
                    + "out or moved, the chain breaks there.",
                code: commands.chain, after: "It must say: THE CHAIN HOLDS."),
            Step(
                title: "Check the kiosk's own signature",
                text:
                    "The region signed the list. But the kiosk signs its records too, with a key that the region does "
                    + "not have. This checks the signature under the newest part that was sent. If the kiosk has changed "
                    + "its key, take the new one from its record of the kind “key”.",
                code: commands.kiosk, after: "Again: Signature Verified Successfully."),
        ]
    }

    static func englishNotes(_ commands: AuditCommands) -> [Step] {
        [
            Step(
                title: "If something does not agree",
                text:
                    "Keep list.txt and export.txt as they are, and tell whoever ordered the check, and the region. Two "
                    + "signed lists that contradict each other prove an exchange without any other evidence."),
            Step(
                title: "Everything at once",
                text:
                    "The same for all kiosks, with the times of arrival, the places and the events. The program needs "
                    + "neither the region's database nor its keys.",
                code: commands.all),
            Step(
                title: "How the region makes an export",
                text: "It holds no keys, no codes, and nothing that would point to a visitor.", code: commands.export),
        ]
    }
}
