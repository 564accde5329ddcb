"""Every page that links lead to, one of each kind: pages that are added later are found by themselves."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

ALSO = ("/controller/dryer-2/limit/moist/hi", "/account/password", "/account/unlock", "/sign-in", "/nowhere")
PAGES_MAX = 60


def kind_of(place, path):
    """Return ``path`` without what it is of: the variable, the number, the alarm."""
    plant, parts = place.plant, urlsplit(path)
    names = {*plant.tags, *plant.mvs, *plant.cvs, *plant.dvs, "lo", "hi"}
    segments = ("*" if each in names or each.isdecimal() else each for each in parts.path.split("/"))
    return "/".join(segments), *sorted(parse_qs(parts.query))


async def every_page(page, place, also=ALSO):
    """Go from page to page; yield each path when it is there."""
    waiting, kinds = ["/", *also], set()
    while waiting:
        path = waiting.pop(0)
        kind = kind_of(place, path)
        if kind in kinds:
            continue
        kinds.add(kind)
        assert len(kinds) <= PAGES_MAX
        answer = await page.goto(place.server.address + path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        yield path
        # Only links that stay here, and none that a browser would load as a file.
        found = await page.evaluate(
            "[...document.querySelectorAll('a[href]:not([download])')].filter(each => each.origin === location.origin)"
            ".map(each => each.pathname + each.search)"
        )
        waiting += [each for each in found if "/static/" not in each and "." not in urlsplit(each).path]
