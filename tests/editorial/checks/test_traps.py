"""Words that readers stumble over, per language, from ``docs/data/traps``."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.findings import Finding
from core.project import ROOT
from editorial.checks.wording.traps import check_all_traps, check_messages, check_traps, load_traps
from tests.editorial.conftest import HEADER, LANGUAGES, Tree


def traps_of(tree: Tree, code: str, rows: str) -> list[Finding]:
    """Write a list of traps and return what is found on the tree's pages."""
    folder = tree.docs / "data/traps"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{code}.yml").write_text(rows, "utf-8")
    return list(check_all_traps(tree.docs / "data", tree.read(), LANGUAGES))


def test_a_trap_is_named_with_its_line_and_the_better_word(tree: Tree) -> None:
    tree.write("de", "kurse", "Kurse", "# Kurse { #kurse }\n\nFragen Sie.\n\nViele **Kursschulen** helfen.")
    found = traps_of(tree, "de", "- {find: Kursschule*, say: Sprachschule, why: Das Wort gibt es nicht.}\n")
    assert [(one.file, one.line, one.level, one.code) for one in found] == [("docs/de/kurse.md", 12, "notice", "traps")]
    assert found[0].message == "Hier stolpern Lesende: „Kursschulen“. Das Wort gibt es nicht."
    assert found[0].hint == "Besser: Sprachschule"


def test_titles_and_descriptions_are_read_too(tree: Tree) -> None:
    header = HEADER.format(title="So geht es").replace("Ein ganzer Satz", "Ein Papier")
    tree.write("en", "kontakt", "x", header=header)
    rows = "- {find: So geht, only: headings, say: x}\n- {find: Papier, say: y}\n- {find: Papier, only: headings, say: z}\n"
    assert [(one.line, one.hint) for one in traps_of(tree, "en", rows)] == [(2, "Besser: x"), (3, "Besser: y")]


@pytest.mark.parametrize(
    ("trap", "words", "found"),
    [
        ("{find: Amt, say: x}", "Das Ordnungsamt und das Amtsblatt.", False),
        ("{find: Amt, say: x}", "Das Amt.", True),
        ("{find: Amt*, say: x}", "Die Amtsblätter.", True),
        ("{find: das Amt, say: x}", "Fragen Sie das\nAmt.", True),
        ("{find: z. B., say: x}", "Das ist z. B. ein Brief.", True),
        ("{find: Amt, say: x, unless: [kein Amt]}", "KIM ersetzt kein Amt.", False),
        ("{find: Amt, say: x, unless: [kein Amt]}", "Kein Amt ist kein Amt, das Amt schon.", True),
        ("{pattern: '^Sie\\.', say: x}", "Sie. Und andere.", True),
        ("{find: إجراء, say: x}", "هذا إجراء جديد.", True),
        ("{find: إجراء, say: x}", "هذه إجراءات جديدة.", False),
        ("{find: Amt, say: x}", "`Amt`s{ .amt } [Text](amt.md)", True),
        ("{find: amt, say: x}", "Ein [Text](kontakt.md#amt).", False),
        ("{find: die Stelle, say: x}", "Die Stelle ist frei.", True),
        ("{find: Die Stelle, say: x}", "Für die Stelle.", False),
        ("{find: عندئذ, say: x}", "وعندئذٍ تحصلون على رد.", True),
        ("{find: عروض, say: x}", "في العروض المتاحة.", True),
    ],
)
def test_words_are_found_whole_and_as_they_are_read(tree: Tree, trap: str, words: str, found: bool) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{words}")
    assert bool(traps_of(tree, "de", f"- {trap}\n")) is found


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("find: x\n", 1),
        ("- {find: a, say: b}\n- {find: a}\n", 2),
        ("- {say: b}\n", 1),
        ("- {find: a, pattern: a, say: b}\n", 1),
        ("- {german: a, say: b}\n", 1),
        ("- {german: a, needs: '(', say: b}\n", 1),
        ("- {find: a, say: b}\n- {pattern: '(', say: b}\n", 2),
        ("- {find: a, say: b, besser: c}\n", 1),
        ("- {find: a, say: [b]}\n", 1),
        ("- {find: a, say: b, only: titles}\n", 1),
        ("- {find: a, say: b, unless: {c: d}}\n", 1),
        ("- {find: ' ', say: b}\n", 1),
        ("- 'offen\n", 2),
    ],
)
def test_a_fault_in_the_list_is_an_error_with_its_line(tree: Tree, rows: str, line: int) -> None:
    (found,) = traps_of(tree, "de", rows)
    assert (found.file, found.line, found.level, found.code) == ("docs/data/traps/de.yml", line, "error", "data")


def test_a_language_without_a_list_has_no_traps(tree: Tree) -> None:
    assert traps_of(tree, "de", "") == []
    assert load_traps(tree.docs / "data", "ar") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Im einzelnen Fall entscheidet die Ausländerbehörde.",
        "Mehr steht unter [Kontakt](kontakt.md).",
        "Was das Amt dazugibt, wissen wir nicht.",
        "Die Behörde fragt nach.",
        "Die richtige Stelle hilft Ihnen.",
        "Den Ort bestätigt die Stadt noch.",
        "Geben Sie keine Papiere ab.",
        "Menschen, die ausreisen müssten, lesen das.",
        "Niemand.",
        "Bekommen Sie keine Antwort, können Sie uns anrufen.",
        "Ist etwas unklar, fragen Sie nach.",
        "Termine können Wochen dauern.",
        "Das ist eine Nummer. Mit ihr finden wir Ihre Nachricht.",
        "Das kostet ca. drei Stunden.",
        "Hier findest du Hilfe.",
        "## So läuft es ab\n\nText.",
        "## Worum es geht\n\nText.",
        "## Wer Ihnen hilft\n\nText.",
        "Bitte bei der Stadt melden.",
        "Zuständig dafür ist das Jobcenter.",
    ],
)
def test_the_german_list_finds_the_kinds_that_translators_stumbled_over(tree: Tree, sentence: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{sentence}")
    traps = load_traps(ROOT / "docs/data", "de")
    assert isinstance(traps, list)
    assert len(list(check_traps(tree.read().pages["kurse"].texts["de"], traps))) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Im Einzelfall entscheidet die Ausländerbehörde.",
        "KIM ersetzt kein Amt.",
        "Das Amt für Wirtschaftsförderung unterstützt Betriebe.",
        "Die Behörde oder Kammer, die zuständig ist, entscheidet.",
        "Trennen Sie Papier, Glas und Restmüll.",
        "Eine Kopie auf Papier genügt.",
        "Bekommen Sie Geld vom Jobcenter? Fragen Sie dort, wie hoch Ihre Miete sein darf.",
        "Wählen Sie einen Tag, an dem es etwas zu sehen gibt.",
        "Nein. Es gibt keine automatischen Entscheidungen.",
        "Nach der Prüfung zeigt sie ihr Zeugnis.",
        "Der Kurs hat 600 Unterrichtsstunden.",
        "Bitte melden Sie sich bei der Stadt.",
        "Fragen Sie auf jeden Fall vorher.",
        "Nach der Anerkennung als Flüchtling dürfen Sie arbeiten.",
        "Bei Gefahr rufen Sie unter 112 an.",
        "Schreiben Sie Ihren Nachnamen an den Briefkasten.",
    ],
)
def test_the_german_list_leaves_good_sentences_alone(tree: Tree, sentence: str) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{sentence}")
    traps = load_traps(ROOT / "docs/data", "de")
    assert isinstance(traps, list)
    assert list(check_traps(tree.read().pages["kurse"].texts["de"], traps)) == []


def test_the_words_of_the_interface_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "traps").mkdir()
    (tmp_path / "traps/pl.yml").write_text("- {pattern: 'Państwo\\.$', say: Państwa firma}\n", "utf-8")
    traps = load_traps(tmp_path, "pl")
    assert isinstance(traps, list)
    found = list(check_messages("core/locale/pl.po", [(3, "Kto płaci? Państwo."), (7, "Państwo mogą pytać.")], traps))
    assert [(one.file, one.line) for one in found] == [("core/locale/pl.po", 3)]


# Words that the pages must not have, each in forms in which it occurs; a line that begins with "# " is a heading.
FALSE_FRIENDS = {
    "de": """
        # Gut angekommen
        # Gut ankommen in Bottrop
        # So melden Sie sich an
        # So geht es
        # Sicher bleiben
        # Worum es geht
        # Was das kostet
        # Wer hilft
        # Für wen
        # Wichtig
        Ihre Stelle ist frei.
        Fragen Sie die Stelle.
        Die zuständigen Stellen helfen.
        Eine andere Stelle ist zuständig.
        Fragen Sie das Amt.
        Das Amt entscheidet.
        Fragen Sie beim Amt nach.
        Im einzelnen Fall entscheidet es.
        In Ihrem Fall gilt das nicht.
        Der Fall ist klar.
        In diesem Fall zahlen Sie.
        Machen Sie Angaben.
        Mehr dazu steht unter Kontakt.
        Das finden Sie unter Wohnen.
        Zuständig ist das Jobcenter.
        Zuständig dafür ist die Stadt.
        Für den Aufenthalt zuständig ist die Ausländerbehörde.
        Nachts ist es leise.
        Sonntags ist es ruhig.
        Ihr Name steht am Briefkasten.
        Schreiben Sie Ihren Namen an den Briefkasten.
        Schreiben Sie den Namen auf den Briefkasten.
        Sie müssten ausreisen.
        Menschen, die Deutschland verlassen müssten, fragen.
        Nach der Anerkennung dürfen Sie arbeiten.
        Termine können Wochen dauern.
        Ein Termin kann mehrere Wochen dauern.
        Die Behörde hilft.
        Fragen Sie bei der Behörde nach.
        Wenn du Fragen hast, ruf an.
        Rufen Sie uns an. Niemand.
        Wer zahlt? Sie.
        Sie.
        Bekommen Sie Geld, melden Sie sich.
        Das lohnt sich bzw. hilft.
        Zeigen Sie Ihre Papiere.
        Das Papier liegt bei.
        Unter ihr bekommen Sie Auskunft.
        Mit ihr finden wir das.
        Die heutige Auskunft gilt.
        Die Stadt bestätigt das noch.
    """,
    "en": """
        You need permission to remain.
        Permissions to remain are valid.
        a permission to remain during the asylum procedure
        He has a temporary residence permit.
        Extend your permit.
        You must extend your residence permit.
        extending the residence title
        They are in charge of this.
        Ask the office.
        The office pays.
        Your office decides.
        Ask at the office.
        The authority decides.
        In the single case
        in single cases
        Read more under Contact.
        It stands under Housing.
        Foreigners may work.
        the foreigner
        apprentices work
        level of B1
    """,
    "uk": """
        Великі тривоги
        Допомога при великих тривогах
        з великою тривогою
        Викличте швидку допомогу
        швидкої допомоги
        у швидкій допомозі
        агенція з працевлаштування
        агенції з працевлаштування
        # Контакт
        # Пропозиції
        в окремому випадку
        в кожному окремому випадку
        Залишитися надовго
        процедурі притулку
        процедуру притулку
        документ на перебування
        документа на перебування
        сприяння економіці
        ім’я на поштовій скриньці
        Напишіть своє ім’я на поштовій скриньці.
        Консультація знаходиться поруч
        терапевт допоможе при травмі
        ваші запитання, найкраще записані
        якщо ви вже довше тут живете
        До вас ставляться гірше через релігію.
        Хто працює, може відвідувати курс.
        Ви маєте право, наприклад
        до 27-го дня народження
    """,
    "ar": """
        من عيد الميلاد الأول
        منذ عيد الميلاد الأول
        عيد ميلاده الأول
        عيد الميلاد الثالث
        مهلاً قصيرة
        هناك مهلاً
        العروض
        # العروض
        في العروض المتاحة
        عندئذ تحصلون
        وعندئذٍ تحصلون
        عندئذٍ
        أما الطفل فيحصل على مكان
        وأما العمل فيجب
        أما السكن فتجدون المعلومات
        أما المدرسة فتقرؤون عنها
        عندها تتصلون
        وعندها
        طلب مكالمة
        كشف الحساب
        ثمن السكن
    """,
    "tr": """
        Daireye gidin.
        Daire karar verir.
        Bu daire ödeme yapar.
        Dairenin kararı
        dairelerde
        dairemiz
        Yetkili yer karar verir.
        Yetkili yere başvurun.
        danışma yerleri
        Başka yerler yardım eder.
        bir danışma yerinde
        tanınmış mülteci
        tanınmış bir mülteci
        cevaplayın
        her bir durumda
        # Başvurmak
        Adınızı posta kutusuna yazın.
        posta kutusuna adınızı yazın
    """,
    "pl": """
        Kto płaci? Państwo.
        Państwo.
        Kto płaci – Państwo.
        Płacą: Państwo.
        Państwo płaci.
        Państwo i firma
        Decyduje Państwo.
        osoby uchodźcze
        osób uchodźczych
        osobom uchodźczym
        osobami uchodźczymi
        osoba uchodźcza
        osobę uchodźczą
        poradnia
        w poradni
        poradnię
        poradnie
        poradniami
        poradniom
        pobyt tolerowany
        pobytem tolerowanym
        pobycie tolerowanym
        w pojedynczych przypadkach
        w indywidualnych przypadkach
        wielkich zmartwień
        wielkie zmartwienia
        zezwolenie na pobyt na czas postępowania azylowego
        zezwolenia na pobyt na czas postępowania azylowego
        imię na skrzynce
        Proszę napisać imię na skrzynce na listy.
        do poradni dla kobiet
    """,
    "fa": """
        این‌گونه ثبت نام کنید
        این گونه ثبت نام کنید
        اینگونه
        جواز اقامت
        جوازهای اقامت
        جواز اقامتِ موقت
        اجازه اقامت در جریان پناهندگی
        اجازه اقامت در دوره پناهندگی
        اجازه اقامت (Aufenthaltsgestattung)
        اجازهٔ اقامت (Aufenthaltsgestattung)
        برای همیشه بمانید
        پرستار کودک
        پرستاران کودک
        پرستار بچه
        ماشین ترجمه کرده است
        این صفحه را ماشین ترجمه کرده است
        اسم روی صندوق پست
        نام خود را روی صندوق پست بنویسید
    """,
    "ru": """
        временное пребывание
        временного пребывания
        временному пребыванию
        о временном пребывании
        разрешение на временное пребывание (Aufenthaltsgestattung)
        имя на почтовом ящике
        имени на почтовом ящике
        Напишите своё имя на почтовом ящике.
        напишите имя на ящике
        консультация рядом
        женская консультация
        в женской консультации
        идите в консультацию
        адрес консультации
        сотрудники консультации
        остаться надолго
        навсегда
        в каждом отдельном случае
        компетентные органы
        # Предложения
        после признания
        большие заботы
        Спросите, что действует сейчас.
        Душевное здоровье и травма
        С вами обращаются хуже из-за религии.
        Кто работает, может посещать курс.
        Попросите о звонке.
        до 27-го дня рождения
    """,
}  # fmt: skip


@pytest.mark.parametrize("code", FALSE_FRIENDS)
def test_false_friends_are_found_in_every_form(code: str) -> None:
    traps = load_traps(ROOT / "docs/data", code)
    assert isinstance(traps, list)
    missed = []
    for line in filter(None, map(str.strip, FALSE_FRIENDS[code].split("\n"))):
        heading, words = line.startswith("# "), line.removeprefix("# ")
        if not any((heading or not trap.headings) and trap.match_in(words) for trap in traps):
            missed.append(line)
    assert missed == []


@pytest.mark.parametrize(
    ("german", "english", "found"),
    [
        ("Rufen Sie bitte an.", "Call us.", [8]),
        ("Rufen Sie bitte an.", "Please call us.", []),
        ("Rufen Sie an.", "Call us.", []),
        ("Bitten Sie um Hilfe.", "Ask for help.", []),
        (
            "Rufen Sie bitte an.\n\nFragen Sie.",
            "Call us.",
            [],
        ),  # as many paragraphs there are not: another check says so
    ],
)
def test_a_translated_paragraph_without_a_word_that_the_german_one_calls_for_is_named(
    tree: Tree, german: str, english: str, found: list[int]
) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{german}")
    tree.write("en", "kurse", "Courses", f"# Courses {{ #kurse }}\n\n{english}")
    rows = "- {german: '\\b[Bb]itte\\b', needs: '[Pp]lease', say: please}\n"
    assert [(one.file, one.line) for one in traps_of(tree, "en", rows)] == [
        ("docs/en/kurse.md", line) for line in found
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Wer stellt den Antrag? Sie selbst.",
        "Wer zahlt den Lohn – Sie.",
        "Wer kann mitmachen? Auch Sie.",
        "Wer haftet? Nur Sie.",
        "Wer füllt das Formular aus? Ihr Betrieb.",
        "Was kostet das? Nichts.",
        "Wie lange dauert das? Zwei Wochen.",
        "Wer bezahlt? Die Agentur für Arbeit.",
        "Muss ich etwas bezahlen? Meistens nicht.",
        "Für Sie kostenlos.",
    ],
)
def test_a_german_answer_without_a_verb_is_named(tree: Tree, sentence: str) -> None:
    assert [found for found in own_traps(tree, "de", sentence) if "Antworten ohne Verb" in found.message]


@pytest.mark.parametrize(
    "sentence",
    [
        "Bringen Sie den Brief ins Amt.",
        "Im Amt bekommen Sie eine Nummer.",
        "Schreiben Sie ans Amt.",
        "Fragen Sie bei Ihrem Amt.",
        "Das ist Sache des Amtes.",
        "Gehen Sie zum Amt.",
        "Sie bekommen einen Brief vom Amt.",
        "Rufen Sie bei der Behörde an.",
        "Die Stelle hilft Ihnen weiter.",
        "Melden Sie sich bei der zuständigen Stelle.",
    ],
)
def test_a_german_office_without_a_name_is_named(tree: Tree, sentence: str) -> None:
    assert len(own_traps(tree, "de", sentence)) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie zahlen nichts.",
        "Nein.",
        "Ja, das ist möglich.",
        "Das gilt auch für Sie.",
        "Wir rufen Sie an. Sie sagen uns, wann.",
        "Das dauert zwei Wochen.",
        "Am 5. September 2019 gab es eine Tagung.",
        "Für die Zeit nach dem 4. März 2027 gab es keine Regel.",
        "Warten Sie.",
        "Im Einzelfall entscheidet das zuständige Amt.",
        "Ämter schicken wichtige Briefe.",
        "Welches Amt ist zuständig?",
        "Die Ausländerbehörde entscheidet. Diese Behörde prüft auch die Kopie.",
        "Die Beratungsstelle hilft Ihnen.",
        "Hat ein Amt Ihren Antrag abgelehnt?",
        "Geld von Ämtern kommt auf das Konto.",
    ],
)
def test_whole_german_sentences_and_named_offices_are_left_alone(tree: Tree, sentence: str) -> None:
    assert own_traps(tree, "de", sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Kto płaci? Państwo.",
        "Kto płaci – Państwo.",
        "Płaci: Państwo.",
        "Kto składa wniosek? Państwo sami.",
        "Kto może wziąć udział? Także Państwo.",
        "Kto decyduje? Tylko Państwo.",
        "Kto płaci? Nie firma, lecz Państwo.",
        "Kto decyduje? To Państwo.",
        "Kto zapłaci? Państwo zapłaci.",
        "Wypełniają formularz: Państwo i firma.",
    ],
)
def test_a_polish_reader_is_not_taken_for_the_state(tree: Tree, sentence: str) -> None:
    assert own_traps(tree, "pl", sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Mogą Państwo zapytać.",
        "Państwo płacą składkę.",
        "Czy Państwo rozumieją ten list?",
        "Dziękujemy Państwu.",
        "Jeśli chcą Państwo pomóc, proszę napisać.",
        "Decyzja należy do Państwa.",
        "Wniosek składają Państwo sami.",
        "Dokumenty otrzymają Państwo pocztą.",
        "To zależy od Państwa sytuacji.",
        "Zatrudniają Państwo, kogo Państwo chcą.",
    ],
)
def test_polish_sentences_that_address_the_reader_are_left_alone(tree: Tree, sentence: str) -> None:
    assert own_traps(tree, "pl", sentence) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Who pays? You.", True),
        ("Who pays – you.", True),
        ("Who applies? You yourself.", True),
        ("How long does it take? Two weeks.", True),
        ("What does it cost? Nothing.", True),
        ("Ask the office.", True),
        ("Go to your office.", True),
        ("You get a letter from the office.", True),
        ("Write to the authority.", True),
        ("This office decides.", True),
        ("You pay nothing.", False),
        ("It takes two weeks.", False),
        ("This applies to you too.", False),
        ("Call us. You decide.", False),
        ("The responsible authority decides in each individual case.", False),
        ("The authority that approves the course decides.", False),
        ("The registry office decides.", False),
        ("This office supports companies in the city.", False),
        ("Which public office is responsible?", False),
        ("No.", False),
    ],
)
def test_english_offices_have_a_name_and_answers_a_verb(tree: Tree, sentence: str, found: bool) -> None:
    assert bool(own_traps(tree, "en", sentence)) is found


def own_traps(tree: Tree, code: str, sentence: str) -> list[Finding]:
    """Return what the project's own list finds in a sentence."""
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{sentence}")
    traps = load_traps(ROOT / "docs/data", code)
    assert isinstance(traps, list)
    return list(check_traps(tree.read().pages["kurse"].texts["de"], traps))
