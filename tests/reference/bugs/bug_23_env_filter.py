"""tokio-rs/tracing#1586, #1181, #3254: EnvFilter directives on targets and spans."""

from spanlab import block, debug, debug_span, info, info_span, warn

FILTER = "warn,app=info,app::db=off,[checkout]=debug"


def program():
    request = info_span("request", target="app")
    with request.enter():
        info("in request", target="app")
        info("lib in request", target="lib")
        debug("debug outside checkout", target="lib")
        with block() as here:
            here.checkout = info_span("checkout", target="lib")
            here.guard = here.checkout.enter()
            debug("debug in checkout", target="lib")
            here.db = info_span("query", target="app::db")
            here.db_guard = here.db.enter()
            info("after the query", target="app")
            here.detail = debug_span("detail", target="lib")
            here.detail.in_scope(lambda: debug("in detail", target="lib"))
        info("lib again", target="lib")
        warn("off is off", target="app::db")
