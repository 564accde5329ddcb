"""The commands, one function each; what they do lives in the module that each one imports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from supervisor.cli.about import About
from supervisor.cli.accounts_app import token_app, user_app
from supervisor.cli.alarms_app import alarms_app
from supervisor.cli.changing_app import add_changing
from supervisor.cli.console import fail
from supervisor.cli.exits import Exit
from supervisor.cli.forms import Form
from supervisor.cli.plugins import add_commands
from supervisor.cli.tags import tags_app

app = typer.Typer(
    name="setwise",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Supervisory controller for process plants: better setpoints, judged by a safety gate, on record.",
)
audit_app = typer.Typer(no_args_is_help=True, help="The record of every decision.")
app.add_typer(audit_app, name="audit")
app.add_typer(tags_app, name="tags")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(alarms_app, name="alarms")

PlantArgument = Annotated[Path, typer.Argument(help="Plant file (YAML).", show_default="plant.yaml")]
PlantOption = Annotated[Path, typer.Option("--config", "-c", help="Plant file (YAML).")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the records; default: beside the file.")]
ControllerOption = Annotated[
    str, typer.Option("--controller", "-C", help="One of the plant's controllers, where it has several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
PLANT_FILE = Path("plant.yaml")
HOST, PORT = "127.0.0.1", 8420


@app.command()
def check(  # noqa: PLR0917 - one option each
    plant: PlantArgument = PLANT_FILE,
    history: Annotated[
        str | None, typer.Option("--history", help="Try its interlocks on so much of the record, such as 24 h.")
    ] = None,
    data: DataOption = None,
    controller: ControllerOption = "",
    live: Annotated[bool, typer.Option("--live", help="Also read every tag once, and write nothing.")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
    form: Annotated[Form, typer.Option("--format", help="github: annotations for a build on GitHub.")] = Form.TEXT,
) -> None:
    """Check a plant file: every error at once, each with its place and a hint; setwise explain E010 says more.

    Example: setwise check plant.yaml --history "7 d"
    """
    from supervisor.cli.check import run_check  # noqa: PLC0415
    from supervisor.cli.lookback import show_lookback  # noqa: PLC0415

    if live and (history is not None or form is not Form.TEXT):
        fail(Exit.USAGE, "--live goes with --json alone, not with --history or --format: run check twice")
    if live:
        from supervisor.cli.live import run_live  # noqa: PLC0415

        run_live(plant, as_json=as_json)
    elif history is not None:
        show_lookback(About(plant, data, controller), history, as_json=as_json)
    else:
        run_check(plant, Form.JSON if as_json else form)


@app.command()
def explain(
    code: Annotated[str, typer.Argument(help="Code of a finding, e.g. E010; without one, the list of all.")] = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Explain a finding of check: what it means, why it matters, an example put right, what to do.

    Example: setwise explain E010
    """
    from supervisor.cli.explain import explain_code  # noqa: PLC0415

    explain_code(code, as_json=as_json)


@app.command()
def run(
    plant: PlantArgument = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    *,
    port: Annotated[int, typer.Option("--port", help="Port of the pages, on this machine only.")] = PORT,
    pages: Annotated[bool, typer.Option("--web/--no-web", help="Whether to serve the pages too.")] = True,
) -> None:
    """Run the supervisor in the foreground; it starts disarmed, always. Of several controllers: all, or one with -C.

    Example: setwise run plant.yaml
    """
    from supervisor.cli.beside import Beside  # noqa: PLC0415
    from supervisor.cli.run import run_control  # noqa: PLC0415

    run_control(About(plant, data, controller), Beside(port if pages else None))


@app.command()
def web(  # noqa: PLR0913 - one for each thing that whoever installs it says
    plant: PlantArgument = PLANT_FILE,
    data: DataOption = None,
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; only this machine by default.")] = HOST,
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = PORT,
    name: Annotated[list[str] | None, typer.Option("--name", help="Name by which browsers call us; repeat.")] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="Our TLS certificate (PEM).")] = None,
    private_key: Annotated[Path | None, typer.Option("--private-key", help="Its private key (PEM).")] = None,
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy here speaks TLS for us.")] = False,
    metrics_on_loopback: Annotated[
        bool, typer.Option("--metrics-on-loopback", help="Programs of this machine read /metrics without a token.")
    ] = False,
) -> None:
    """Serve the operator's pages of a plant whose control runs on this machine, or of its records.

    Example: setwise web plant.yaml
    """
    from supervisor.cli.web import Listening, run_web  # noqa: PLC0415

    listening = Listening(
        host=host, port=port, hosts=tuple(name or ()), certificate=certificate, private_key=private_key,
        behind_proxy=behind_proxy, metrics_on_loopback=metrics_on_loopback,
    )  # fmt: skip
    run_web(About(plant, data), listening)


@app.command()
def status(
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Show requested and actual mode and why, MVs, CVs, links and the last verdict.

    Example: setwise status -c plant.yaml --json
    """
    from supervisor.cli.status import show_status  # noqa: PLC0415

    show_status(About(plant, data, controller), as_json=as_json)


@app.command()
def mode(  # noqa: PLR0917 - one option each
    wanted: Annotated[str, typer.Argument(help="off, monitor, advisory or closed_loop.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Confirm without asking (closed_loop).")] = False,  # noqa: FBT002
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Ask for a mode. OFF always works; closed_loop asks for a confirmation and every permissive.

    Example: setwise mode advisory --reason "after CIP"
    """
    from supervisor.cli.requests import ask_mode  # noqa: PLC0415

    ask_mode(wanted, reason, About(plant, data, controller), yes=yes, as_json=as_json)


@app.command()
def limit(  # noqa: PLR0917 - one option each
    name: Annotated[str, typer.Argument(help="Variable and side, e.g. moist.hi.")],
    value: Annotated[float, typer.Argument(help="New operator limit, in the variable's unit.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Change an operator limit inside the engineering limits.

    Example: setwise limit T_in_sp.hi 191 --reason "burner service"
    """
    from supervisor.cli.requests import ask_limit  # noqa: PLC0415

    ask_limit(name, value, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def reset(
    interlock: Annotated[str, typer.Argument(help="Name of the latched interlock, or 'trip' for the TRIPPED latch.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Acknowledge a trip, or reset a latched interlock whose cause is gone.

    Example: setwise reset trip --reason "cable replaced"
    """
    from supervisor.cli.requests import ask_reset  # noqa: PLC0415

    ask_reset(interlock, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def bypass(
    interlock: Annotated[str, typer.Argument(help="Name of the interlock.")],
    *,
    lasting: Annotated[str, typer.Option("--for", help="How long: 45 min, 2h, or seconds. It ends by itself.")] = "",
    reason: Annotated[str, typer.Option("--why", "--reason", help="Why; it goes on record.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the bypass now.")] = False,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Bypass an interlock for a time, in your name, or end that. It also ends when control is restarted.

    Example: setwise bypass "Fan vibration" --for 2h --why "sensor is being changed"
    """
    from supervisor.cli.bypass import ask_bypass, ask_restore  # noqa: PLC0415

    if end:
        ask_restore(interlock, lasting, reason, About(plant, data, controller), as_json=as_json)
    else:
        ask_bypass(interlock, lasting, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def lab(
    cv: Annotated[str, typer.Argument(help="CV that the sample is of, e.g. moist.")],
    value: Annotated[float, typer.Argument(help="The laboratory's value, in the CV's unit.")],
    *,
    sampled: Annotated[str, typer.Option("--sampled", help="Plant time of sampling: 08:00 or 2026-11-28 08:00.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Remark; it goes on record.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Give a laboratory value: it is held against the estimate of its sampling time, and corrects it slowly.

    Example: setwise lab moist 3.62 --sampled "2026-11-28 08:00"
    """
    from supervisor.cli.supplied import give_lab  # noqa: PLC0415

    give_lab(cv, value, sampled, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def target(  # noqa: PLR0913 - one option each
    name: Annotated[str, typer.Argument(help="CV or MV, e.g. moist.")],
    value: Annotated[float | None, typer.Argument(help="Its target, in its unit.")] = None,
    *,
    lasting: Annotated[str, typer.Option("--for", help="How long: 45 min, 2h, or seconds. It ends by itself.")] = "",
    reason: Annotated[str, typer.Option("--why", "--reason", help="Why; it goes on record.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End the target now.")] = False,
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set a target of a CV or MV for a time, or end that. It also ends when control is restarted.

    Example: setwise target moist 3.6 --for 2h --why "trial of grade B"
    """
    from supervisor.cli.supplied import change_target  # noqa: PLC0415

    change_target(name, value, lasting, reason, About(plant, data, controller), end=end, as_json=as_json)


@app.command()
def mv(  # noqa: PLR0917 - one option each
    name: Annotated[str, typer.Argument(help="MV, e.g. T_in_sp.")],
    hands: Annotated[str, typer.Argument(help="opr: in the operators' hands; apc: the controller's again.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it goes on record.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Take one MV out of control, or give it back; the others go on. A critical one cannot be taken alone.

    Example: setwise mv fan_sp opr --reason "belt is being changed"
    """
    from supervisor.cli.requests import ask_hands  # noqa: PLC0415

    ask_hands(name, hands, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def advise(  # noqa: PLR0917 - one option each
    verdict: Annotated[str, typer.Argument(help="accept or reject.")],
    name: Annotated[str, typer.Argument(help="MV; without one, everything that is advised now.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why; a rejection needs one.")] = "",
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Put on record what you say to the advice. Nothing is written to the plant: you set the loop yourself.

    Example: setwise advise reject T_in_sp --reason "burner is hunting"
    """
    from supervisor.cli.advise import answer_advice  # noqa: PLC0415

    answer_advice(verdict, name, reason, About(plant, data, controller), as_json=as_json)


@app.command()
def why(  # noqa: PLR0917 - one option each
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    at: Annotated[str | None, typer.Option("--at", help="Plant time: 08:14 or 2026-11-12T08:14; default: now.")] = None,
    cycle: Annotated[int | None, typer.Option("--cycle", help="Cycle number instead of a time.")] = None,
    what_if: Annotated[  # noqa: FBT002
        bool, typer.Option("--what-if", help="Also what single limit, given more room, would earn most; some seconds.")
    ] = False,
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Say why the controller moved, or did not: the decision record in words.

    Example: setwise why --at 08:14
    """
    from supervisor.cli.why import show_why  # noqa: PLC0415

    show_why(About(plant, data, controller), at, cycle, as_json=as_json, what_if=what_if)


@app.command()
def doctor(
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Check this machine and the plant's connections: a list of what is well and what to do about the rest.

    Example: setwise doctor -c plant.yaml
    """
    from supervisor.cli.doctor import examine  # noqa: PLC0415

    examine(About(plant, data, controller), as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the plant file, for editors.

    Example: setwise schema > plant.schema.json
    """
    from supervisor.cli.check import print_schema  # noqa: PLC0415

    print_schema()


@app.command()
def fmt(
    plant: PlantArgument = PLANT_FILE,
    *,
    check: Annotated[bool, typer.Option("--check", help="Show what would change, and exit 1 if anything.")] = False,
) -> None:
    """Lay out a plant file: order of sections and keys, spacing, quotes. Comments stay, the meaning never changes.

    Example: setwise fmt plant.yaml --check
    """
    from supervisor.cli.fmt import lay_out  # noqa: PLC0415

    lay_out(plant, check=check)


@audit_app.command("verify")
def audit_verify(
    plant: PlantOption = PLANT_FILE,
    data: DataOption = None,
    controller: ControllerOption = "",
    as_json: JsonOption = False,  # noqa: FBT002
) -> None:
    """Check the record's chain, signatures and completeness.

    Example: setwise audit verify
    """
    from supervisor.cli.audit import verify_record  # noqa: PLC0415

    verify_record(About(plant, data, controller), as_json=as_json)


add_changing(app)
add_commands(app)
