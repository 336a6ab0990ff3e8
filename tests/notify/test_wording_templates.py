"""Templates of the user's own: looked up first, held to the same rules, told where they are wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from posture.domain.notice import Event
from posture.notify.links import Links
from posture.notify.samples import sample_letter
from posture.notify.wording import Wording, WordingBroken

LETTER = sample_letter(Event.FINDING_OPENED)
LINKS = Links(page="https://posture.example.com", reference_hosts=frozenset({"wiki.example.com"}))
CARD = '{"type": "AdaptiveCard", "version": "1.4", "body": [%s], "actions": [%s]}'


def write(directory: Path, name: str, text: str) -> Wording:
    """Return a wording whose directory holds this template."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Wording(LINKS, directory)


@pytest.mark.parametrize("name", ["finding_opened", "finding", "notice"])
def test_a_template_of_the_users_own_takes_the_place_of_ours(tmp_path: Path, name: str) -> None:
    wording = write(tmp_path, f"email/{name}.subject.j2", "{{ notice.facts.resource_name }} at {{ notice.tenant }}")

    assert wording.mail(LETTER).subject == "[sample] Payroll at contoso"


def test_that_of_the_event_goes_before_that_of_its_family_and_that_before_the_general_one(tmp_path: Path) -> None:
    for name in ("finding_opened", "finding", "notice"):
        wording = write(tmp_path, f"email/{name}.subject.j2", name)

    assert wording.mail(LETTER).subject == "[sample] finding_opened"
    assert wording.mail(sample_letter(Event.FINDING_RESOLVED)).subject == "[sample] finding"
    assert wording.mail(sample_letter(Event.RUN_ABORTED)).subject == "[sample] notice"


def test_what_the_user_did_not_write_is_taken_from_ours(tmp_path: Path) -> None:
    wording = write(tmp_path, "email/finding.subject.j2", "mine")

    mail = wording.mail(LETTER)

    assert "Why it matters" in mail.text
    assert "Why it matters" in mail.html


def test_a_template_may_extend_ours_and_change_a_block(tmp_path: Path) -> None:
    wording = write(
        tmp_path,
        "email/finding_opened.html.j2",
        '{% extends "email/finding.html.j2" %}{% block what %}<p>Ask {{ notice.no_such | default("us") }}.</p>'
        "{% endblock %}",
    )

    html = wording.mail(LETTER).html

    assert "<p>Ask us.</p>" in html
    assert "What to do next" in html


def test_names_of_evidence_are_printable_too(tmp_path: Path) -> None:
    names = "{{ notice.facts.evidence | list | join }}"
    wording = write(tmp_path, "email/finding.txt.j2", names)
    [notice] = LETTER.notices
    letter = replace(LETTER, notices=(replace(notice, facts={**notice.facts, "evidence": {"a\u202eb": 1}}),))

    assert wording.mail(letter).text == "a\\u202eb\n"


def test_a_card_of_the_users_own_shows_directory_text_as_text(tmp_path: Path) -> None:
    wording = write(
        tmp_path,
        "teams/finding.card.j2",
        CARD
        % ('{"type": "TextBlock", "text": {{ "*" ~ notice.title ~ "* [x](https://evil.example) 1. a" }}}, null', ""),
    )

    card = wording.card(LETTER, longest=20_000)

    [block] = card["body"]  # type: ignore[misc]
    assert block["text"] == (  # type: ignore[index, call-overload]
        "\\*Client secret of an application ends soon\\* \\[x\\]\\(https://evil.example\\) 1\\. a"
    )


def test_a_fact_may_be_called_like_a_method(tmp_path: Path) -> None:
    wording = write(tmp_path, "email/finding.subject.j2", "{{ {'items': 3}.items }}")

    assert wording.mail(LETTER).subject == "[sample] 3"


@pytest.mark.parametrize(
    ("text", "line", "because"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("a\nb\n{{ notice.nonsense }}", 3, "no attribute 'nonsense'"),
        ("{{ nonsense }}", 1, "'nonsense' is undefined"),
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("a\n{{ notice.title + 1 }}", 2, "concatenate"),
        ("a\n{{ notice | nonsense }}", 2, "No filter named 'nonsense'"),
        ('{% include "email/nonsense.j2" %}', 1, "email/nonsense.j2"),
        ("{{ notice.title() }}", 1, "not callable"),
    ],
)
@pytest.mark.parametrize("name", ["email/finding.subject.j2", "email/finding.html.j2", "teams/finding.card.j2"])
def test_a_template_that_is_wrong_is_told_with_its_file_and_line(
    tmp_path: Path, name: str, text: str, line: int, because: str
) -> None:
    wording = write(tmp_path, name, text)

    with pytest.raises(WordingBroken) as broken:
        worded(wording, name)

    assert str(broken.value).startswith(f"{tmp_path / name}:{line}: ")
    assert because in str(broken.value)


def test_the_line_is_that_of_the_part_that_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, "email/_mine.j2", "{% macro x() %}\n{{ nonsense }}\n{% endmacro %}")
    wording = write(tmp_path, "email/finding.subject.j2", '{% import "email/_mine.j2" as m %}{{ m.x() }}')

    with pytest.raises(WordingBroken, match=r"email/_mine\.j2:2: 'nonsense' is undefined"):
        wording.mail(LETTER)


def test_a_template_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    wording = write(tmp_path, "email/finding.txt.j2", "")
    (tmp_path / "email/finding.txt.j2").write_bytes(b"caf\xe9")

    with pytest.raises(WordingBroken, match=r"email/finding\.txt\.j2: this file is not UTF-8"):
        wording.mail(LETTER)


def test_a_directory_that_is_not_there_is_told_and_not_passed_over(tmp_path: Path) -> None:
    wording = Wording(LINKS, tmp_path / "nowhere")

    with pytest.raises(WordingBroken, match=r"nowhere is no directory: mend notify\.templates"):
        wording.mail(LETTER)


@pytest.mark.parametrize(
    "escape",
    [
        "{{ notice.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ notice['__class__'] }}",
        "{{ notice.facts.update({'title': 1}) }}",
        "{{ notice.facts.clear() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler }}",
        "{{ lipsum.__globals__ }}",
        "{{ range(1000000000) }}",
        "{{ namespace() }}",
        "{{ joiner() }}",
        "{{ '{0.__class__.__mro__}'.format(notice) }}",
        "{{ '{x.__class__}'.format_map({'x': 1}) }}",
        "{{ notice.title | attr('__class__') }}",
        "{{ notice.title | safe }}",
        "{{ notice.title | tojson }}",
        "{{ notice | xmlattr }}",
        "{{ notice.title | urlize }}",
        "{{ notice.title | center(1000000000) }}",
        "{{ [notice] | map(attribute='__class__') | list | first }}",
        '{% include "/etc/hostname" %}',
        '{% include "../../../etc/hostname" %}',
        '{% import "os" as os %}',
    ],
)
@pytest.mark.parametrize("name", ["email/finding.subject.j2", "email/finding.html.j2", "teams/finding.card.j2"])
def test_nothing_gets_out_of_the_sandbox(tmp_path: Path, name: str, escape: str) -> None:
    wording = write(tmp_path, name, escape)

    with pytest.raises(WordingBroken):
        worded(wording, name)


@pytest.mark.parametrize(
    ("html", "because"),
    [
        ("<script>x</script>", "the element <script>"),
        ("<img src='https://example.com/pixel.png'>", "the element <img>"),
        ("<p onclick='x'>", "the attribute 'onclick'"),
        ("<a href='https://example.com/'>x</a>", "a link that leads neither"),
        ("<a href='{{ \"javascript:alert(1)\" }}'>x</a>", "a link that leads neither"),
        ("<a href='https://posture.example.com.evil.example/'>x</a>", "a link that leads neither"),
        ("<p style='background:url(https://example.com/x)'>x</p>", "a style that fetches"),
        ("<p style='background:u\\72l(https://example.com/x)'>x</p>", "a style that fetches"),
        ("<style>@import 'https://example.com/x';</style>", "a style that fetches"),
        ("<meta http-equiv='refresh' content='0;url=https://example.com'>", "the attribute 'http-equiv'"),
        ("<meta name='x' content='0;url=https://example.com'>", "a page that leads elsewhere"),
        ("<form action='https://example.com'>", "the element <form>"),
        ("<br onload='x' />", "the attribute 'onload'"),
    ],
)
def test_html_of_the_users_own_is_held_to_the_same_rules(tmp_path: Path, html: str, because: str) -> None:
    wording = write(tmp_path, "email/finding.html.j2", html)

    with pytest.raises(WordingBroken, match=r"email/finding\.html\.j2 makes ") as broken:
        wording.mail(LETTER)

    assert because in str(broken.value)


def test_html_of_the_users_own_may_link_to_hosts_that_the_settings_name(tmp_path: Path) -> None:
    wording = write(
        tmp_path,
        "email/finding.html.j2",
        "<style>p { color: red }</style><a href='https://wiki.example.com/x'>x</a><br/>",
    )

    assert "wiki.example.com" in wording.mail(LETTER).html


@pytest.mark.parametrize(
    ("card", "because"),
    [
        ("{", "makes no JSON"),
        ("[]", "makes no card"),
        ('{"type": "AdaptiveCard", "version": "1.5", "body": []}', "makes no card"),
        (CARD % ('{"type": "Image", "url": "https://example.com/pixel.png"}', ""), "'Image' in 'body'"),
        (CARD % ("", '{"type": "Action.Submit", "title": "x"}'), "'Action.Submit' in 'actions'"),
        (CARD % ("", '{"type": "Action.OpenUrl", "title": "x", "url": "https://example.com"}'), "a link that leads"),
        (CARD % ("", '{"type": "Action.OpenUrl", "title": "x", "url": 1}'), "a link that leads"),
        (CARD % ('{"type": "Container", "selectAction": {}}', ""), "Container with 'selectAction'"),
        (CARD % ('{"type": "Container", "items": {}}', ""), "'items' is no list"),
        (CARD % ('{"type": "Container", "items": ["x"]}', ""), "'str' in 'items'"),
        (CARD % ('{"type": "Container", "style": {}}', ""), "'style' is no simple value"),
        (CARD % ('{"type": "FactSet", "facts": [{"title": "x"}]}', ""), "a fact that is not made of"),
        (CARD % ('{"type": ["TextBlock"]}', ""), "where it is not sent"),
        ('{"type": "AdaptiveCard", "version": "1.4", "msteams": {"entities": []}}', "'msteams', which is not sent"),
        ('{"type": "AdaptiveCard", "version": "1.4", "fallbackText": NaN}', "makes no JSON"),
    ],
)
def test_a_card_of_the_users_own_is_held_to_the_same_rules(tmp_path: Path, card: str, because: str) -> None:
    wording = write(tmp_path, "teams/finding.card.j2", card)

    with pytest.raises(WordingBroken, match=r"teams/finding\.card\.j2 makes ") as broken:
        wording.card(LETTER, longest=20_000)

    assert because in str(broken.value)


def test_facts_of_a_card_of_the_users_own_are_shown_without_markdown(tmp_path: Path) -> None:
    fact = '{"type": "FactSet", "facts": [{"title": "a", "value": {{ "*b*" }}}]}'
    wording = write(tmp_path, "teams/finding.card.j2", CARD % (fact, ""))

    card = wording.card(LETTER, longest=20_000)

    assert card["body"] == [{"type": "FactSet", "facts": [{"title": "a", "value": "\\*b\\*"}]}]


def test_a_mail_that_its_template_alone_makes_long_is_sent_all_the_same(tmp_path: Path) -> None:
    wording = write(tmp_path, "email/finding.txt.j2", "long " * 20_000)

    assert len(wording.mail(LETTER).text) == 100_000


def test_a_very_long_text_in_a_card_is_cut(tmp_path: Path) -> None:
    wording = write(
        tmp_path, "teams/finding.card.j2", CARD % ('{"type": "TextBlock", "text": "%s"}' % ("x" * 9_000), "")
    )

    [block] = wording.card(LETTER, longest=20_000)["body"]  # type: ignore[misc]

    assert block["text"] == "x" * 1_999 + "…"  # type: ignore[index, call-overload]


def worded(wording: Wording, name: str) -> None:
    if name.startswith("teams/"):
        wording.card(LETTER, longest=20_000)
    else:
        wording.mail(LETTER)
