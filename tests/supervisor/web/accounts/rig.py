"""Accounts with a clock that is set by hand, cheap hashes, and a small application behind the real guard."""

import asyncio
from pathlib import Path

import httpx
from argon2 import Parameters, Type
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers

from supervisor.mailbox import Mailbox
from supervisor.web import accounts as package
from supervisor.web.accounts import managing, service
from supervisor.web.accounts.door import Door, csrf, install, session_of
from supervisor.web.accounts.passwords import Hasher
from supervisor.web.accounts.routes import Person
from supervisor.web.accounts.service import Accounts, SignedIn
from supervisor.web.accounts.store import FILE, Store
from supervisor.web.acting import Act, Acting
from supervisor.web.cookies import Cookie
from supervisor.web.guarding import Guard, Policy

CHEAP = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=16, time_cost=1, memory_cost=8, parallelism=1)
HOSTS = frozenset({"plant"})
OURS = ((b"origin", b"http://plant"), (b"sec-fetch-site", b"same-origin"))
UTC_S = 1_800_000_000.0
GOOD = "correct horse battery"
WEB = Path(package.__file__).parents[1]
BASE = "<title>{{ page_name }}</title>{% block main %}{% endblock %}"


class Clock:
    def __init__(self):
        self.s = UTC_S

    def __call__(self):
        return self.s


def make_accounts(folder, plant="Northmill"):
    clock = Clock()
    accounts = Accounts(store=Store(folder / FILE), hasher=Hasher(CHEAP), plant=plant, now_s=clock)
    return accounts, clock


def person(accounts, name="ann", role="operator", password=GOOD, must_change=False):
    """Add somebody who has chosen a password already."""
    managing.add_user(accounts, name, role, "test")
    hash_ = accounts.hasher.hashed(password)
    with accounts.store.writing() as connection:
        connection.execute("UPDATE user SET hash = ?, must_change = ? WHERE name = ?", (hash_, must_change, name))
    return name


def enter(accounts, name="ann", password=GOOD, address="10.0.0.1"):
    """Sign in; return the session and its token."""
    done = service.sign_in(accounts, name, password, address)
    assert isinstance(done, SignedIn), done
    return done.session, done.token


def kinds(accounts):
    from supervisor.web.accounts.events import latest

    with accounts.store.reading() as connection:
        return [each.kind for each in reversed(latest(connection))]


def make_app(accounts, acting, cookie=None):
    """Pages as the lead's: one to look at, one to act, OFF, one that leads away and one that fails."""
    loader = ChoiceLoader([DictLoader({"base.html": BASE}), FileSystemLoader(WEB / "templates")])
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)

    def show(request, template, context, status=200):
        def t(key, **values):
            return f"[{key} {values}]" if values else f"[{key}]"

        return HTMLResponse(templates.get_template(template).render(t=t, **context), status)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def page(request: Request, session: Person):
        return HTMLResponse(
            f"{session.who} {session.role} {'locked' if session.locked else 'open'} csrf={csrf(request)}"
        )

    @app.post("/limit")
    async def limit(request: Request, session: Person):
        form = await request.form()
        fields = {"variable": "moist", "side": "hi", "value": float(form["value"])}
        done = await acting.act(session, Act(action="limit", key=form["key"], why="w", saw_cycle=7, fields=fields))
        return PlainTextResponse(done.code, 200 if done.accepted else 409)

    @app.post("/off")
    async def off(session: Person):
        done = await acting.act(session, Act(action="off"))
        return PlainTextResponse(done.code, 200 if done.accepted else 409)

    @app.get("/away")
    def away(to: str):
        return RedirectResponse(to)

    @app.get("/fails")
    def fails():
        raise RuntimeError("the inside of it")

    @app.post("/size")
    async def size(request: Request):
        return PlainTextResponse(str(len(await request.body())))

    @app.get("/who")
    def who(request: Request):
        session = session_of(request)
        return PlainTextResponse("" if session is None else session.who)

    install(app, Door(accounts=accounts, cookie=cookie or Cookie(), show=show, banner="Only for those who work here"))
    return app


class Browser:
    """A client that sends what browsers send, and knows the token of the page that it loaded."""

    def __init__(self, app, policy=None, now_s=lambda: 0.0, address="10.0.0.1"):
        self.policy = policy or Policy(hosts=frozenset({"plant"}))
        self.guard = Guard(app, self.policy, now_s)
        self.base = f"{self.policy.cookie.scheme}://plant"
        self.ours = {"origin": self.base, "sec-fetch-site": "same-origin", "accept": "text/html"}
        self.cookies = httpx.Cookies()
        self.address = address

    def request(self, method, path, **more):
        return self.requests([(method, path, more)])[0]

    def requests(self, calls):
        async def go():
            transport = httpx.ASGITransport(self.guard, raise_app_exceptions=False, client=(self.address, 1))
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                done = [await client.request(method, path, **more) for method, path, more in calls]
                self.cookies = client.cookies
                return done

        return asyncio.run(go())

    def get(self, path, headers=None):
        return self.request("GET", path, headers={"accept": "text/html", **(headers or {})})

    def post(self, path, headers=None, with_csrf=True, **fields):
        """Send a form as its page would."""
        if with_csrf:
            fields = {"csrf": self.csrf(), **fields}
        return self.request("POST", path, data=fields, headers=self.ours if headers is None else headers)

    def csrf(self):
        seed = self.policy.cookie.seed(Headers({"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}))
        return self.policy.cookie.csrf(seed) if seed else ""

    def enter(self, name="ann", password=GOOD, **more):
        return self.post("/sign-in", name=name, password=password, **more)


class Control:
    """Stands in for the cycle's inbox: takes what waits and answers it, in the thread of the caller's wait."""

    def __init__(self, folder, clock):
        self.taken, self.why, self.clock = [], "", clock
        control = self

        class Answering(Mailbox):
            def wait_answer(self, id_, timeout_s):
                control.answer(self)
                return super().wait_answer(id_, 0.0)

        self.mailbox = Answering(folder / "mailbox.db")

    def answer(self, mailbox):
        from supervisor.record import Answer

        for request in mailbox.take(self.clock()):
            self.taken.append(request)
            mailbox.answer(Answer(id=request.id, accepted=not self.why, why=self.why))


def make_acting(folder, accounts, clock):
    control = Control(folder, clock)
    return Acting(accounts, control.mailbox, "main", utc_s=clock), control


def raw(guard, path, method="GET", headers=(), raw_path=None, body=(b"",), host=b"plant"):
    """Send what no client library would; return status, headers and body."""
    sent, parts = [], list(body)

    async def receive():
        await asyncio.sleep(0)
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    hosts = [(b"host", host)] if isinstance(host, bytes) else [(b"host", each) for each in host]
    scope = {
        "type": "http", "method": method, "path": path, "query_string": b"", "client": ("10.0.0.9", 1),
        "raw_path": path.encode() if raw_path is None else raw_path, "headers": [*hosts, *headers], "scheme": "http",
        "server": ("plant", 80), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    start = next(each for each in sent if each["type"] == "http.response.start")
    text = b"".join(each.get("body", b"") for each in sent if each["type"] == "http.response.body")
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, text.decode()


async def echo(scope, receive, send):
    """An application that says yes to everything."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def guard(**more):
    return Guard(echo, Policy(hosts=HOSTS, **more), lambda: 0.0)
