"""What a project is and what is deployed of it: the picture, the state machines, and the table of resources."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from common.base.plural import counted
from common.declare import flow_words
from common.declare.flows import Node
from common.engine.status import NEVER, UNREADABLE
from common.report import cell_formats
from common.report.elements import Content as Inner
from common.report.elements import element
from common.report.page import executions, parts
from common.report.page.content import Content, Project
from common.report.picture import machine, project
from common.report.picture_file import names_here
from common.state.release_root import CLEAN, DEPLOYING

LEGEND = (
    "Blue: what works. Green: what holds data. Brown: what waits and triggers. Thick arrows start something; thin ones follow "
    "the data, and the word says what the function, job, crawler or trigger does with it."
)
STATES = {CLEAN: ("released", "good"), DEPLOYING: ("not finished", "warn"), UNREADABLE: (UNREADABLE, "bad")}
"""What is said of the state of a release, with its colour."""
MARKED = "Borders show how the states went in the last execution: green succeeded, red failed, brown caught or under way."


def section(content: Content, of_project: Project, number: int) -> Element:
    """The section of one project."""
    name, identifier = of_project.name, f"project-{number}"
    inner: list[Inner] = [_release(of_project)]
    kinds = flow_words.descriptions(content.resources)
    if of_project.flows:
        drawn = project.project(name, of_project.flows, kinds, f"{identifier}-picture")
        inner += [parts.figure(drawn, LEGEND), _sentences(of_project, kinds)]
    names = names_here(content.resources)
    for place, (declared, last) in enumerate(of_project.machines):
        inner.append(element("h3", f"State machine {declared.key.name}"))
        marks = {} if isinstance(last, str) else executions.marks(last)
        drawn = machine.machine(declared.key.name, declared.definition, names, marks, f"{identifier}-machine-{place}")
        inner += executions.shown(last, declared, content.env.name)
        inner.append(_machine_picture(drawn, bool(marks)))
    inner.append(element("h3", "What is deployed"))
    inner.append(_resources(of_project))
    title = "Shared by all projects" if number == 0 else name
    return parts.section(identifier, title, *inner)


def _machine_picture(drawn: Element, is_marked: bool) -> Element:
    caption = f"States and transitions; red dashed arrows are errors that are caught. {MARKED if is_marked else ''}".strip()
    return parts.details(["Picture of the states"], parts.figure(drawn, caption), is_open=True)


def _release(of_project: Project) -> Element:
    status = of_project.status
    about = status.released
    sentence: list[Inner] = [parts.badge(*STATES.get(status.state, (status.state, "warn"))), " "]
    if about:
        sentence += [
            f"{cell_formats.minute(about.get('since', ''))} UTC by {cell_formats.author(about)} from commit ",
            parts.code(cell_formats.commit(about) or "unknown"),
            f", {counted(status.resources, 'resource')}.",
        ]
    notes = [parts.message(text, tone="warn") for text in _notes(of_project)]
    return element("div", element("p", *sentence), *notes)


def _notes(of_project: Project) -> Iterator[str]:
    status = of_project.status
    if status.state == NEVER:
        yield "Nothing of it was deployed to this environment yet."
    if status.state == UNREADABLE:
        yield "Its release.json is lost or cannot be read; `deploy --verify` looks at everything and writes it."
    if status.state == DEPLOYING and status.pending:
        yield f"A deploy is under way, or was broken off before: {', '.join(status.pending)}."
    if status.former:
        yield f"Kept under earlier names: {', '.join(status.former)}."
    if status.unconfirmed:
        yield f"Subscriptions that nobody has confirmed: {', '.join(status.unconfirmed)}."


def _sentences(of_project: Project, kinds: dict[Node, str]) -> Element:
    """The picture in words, for those who cannot see it and for those who search."""
    rows = [
        (_node(subject, kinds), " and ".join(words), _node(target, kinds))
        for (subject, target), words in flow_words.verbs(of_project.flows, kinds).items()
    ]
    made = parts.table("Who starts, reads and writes what", ("who", "does", "what"), rows)
    return parts.details(["The same in words"], made)


def _node(node: Node, kinds: dict[Node, str]) -> Element:
    return element("span", parts.code(node.name), " ", element("span", flow_words.kind_of(node, kinds), class_="rest"))


def _resources(of_project: Project) -> Element:
    rows: list[tuple[Inner, ...]] = [
        (
            parts.code(resource.key.name),
            flow_words.described(resource),
            _state(of_project, str(resource.key)),
            parts.code(resource.name),
        )
        for resource in of_project.resources
    ]
    left = sorted(of_project.deployed - {str(resource.key) for resource in of_project.resources})
    rows += [
        (parts.code(key), "", parts.badge("no longer declared", "warn"), "") for key in left if not key.startswith("artifact/")
    ]
    if not rows:
        return parts.note("Nothing is declared.")
    here = sum(str(resource.key) in of_project.deployed for resource in of_project.resources)
    caption = f"{counted(len(of_project.resources), 'declared resource')}, {here} of them deployed"
    made = parts.table(caption, ("name", "kind", "state", "name in AWS"), rows, tight=(1, 2))
    return parts.details([caption], made)


def _state(of_project: Project, key: str) -> Element:
    if key in of_project.status.pending:
        return parts.badge("not finished", "warn")
    return parts.badge("deployed", "good") if key in of_project.deployed else parts.badge("not deployed", "warn")
