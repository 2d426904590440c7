"""`diffmst serve`: the console in the browser."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffmst import terminal
from diffmst.errors import UserError

if TYPE_CHECKING:
    from diffmst.web.server import Certificate

app = typer.Typer()

LOCAL = "127.0.0.1"

Open = Annotated[bool, typer.Option("--open", help="Open the mix in the browser when it is done.")]


@app.command()
def serve(
    document: Annotated[
        Path | None, typer.Argument(help="A mix.json to open; it changes only when you save.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="Port to serve on.", min=1, max=65_535, show_default="8765, or the next"),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to serve on; other than this machine's own: see docs.")
    ] = LOCAL,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="Where sessions are kept.", show_default="your data folder", file_okay=False),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Leave the browser alone.")] = False,
    tls_cert: Annotated[
        Path | None,
        typer.Option("--tls-cert", help="Certificate (PEM), for a tablet in your network.", show_default=False),
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key (PEM).", show_default=False)] = None,
) -> None:
    """Open the console in the browser: hear the mix, change it, match it, save it.

    Serves this machine only. With --host, others may use it who have the token in the address that is printed.
    """
    serve_sessions(
        document, port=port, host=host, folder=folder, open_it=not no_open, tls=_certificate(tls_cert, tls_key)
    )


def serve_sessions(
    document: Path | None = None,
    *,
    port: int | None = None,
    host: str = LOCAL,
    folder: Path | None = None,
    open_it: bool = True,
    tls: Certificate | None = None,
) -> None:
    """Serves until Ctrl-C; see the command.

    Raises:
        UserError: the port is taken, the folder cannot be written, or the document not be read.
    """
    from diffmst.web.access import local_access, remote_access
    from diffmst.web.addresses import is_local, page_url
    from diffmst.web.app import create_app
    from diffmst.web.linking import link
    from diffmst.web.server import Server, bound_socket
    from diffmst.web.store import Store, data_folder

    store = Store(folder or data_folder())
    session = link(store, document) if document else None
    with bound_socket(host, port) as bound:
        number: int = bound.getsockname()[1]
        local = is_local(host)
        access = local_access() if local else remote_access(host, port=number, secure=tls is not None)
        url = page_url(host, number, access.token, session.id if session else None, secure=tls is not None)

        def ready() -> None:
            terminal.say(f"{url}: the console; Ctrl-C ends it")
            if not local and not tls:
                terminal.note("browsers play sound from other machines over TLS only: give --tls-cert and --tls-key")
            if open_it:
                _open(url)

        with contextlib.suppress(KeyboardInterrupt):  # as it is meant to be ended
            Server(create_app(store, access=access), bound, tls, ready).run_here()


def _certificate(tls_cert: Path | None, tls_key: Path | None) -> Certificate | None:
    if (tls_cert is None) != (tls_key is None):
        raise UserError("--tls-cert and --tls-key belong together; give both")
    if tls_cert is None or tls_key is None:
        return None
    from diffmst.web.server import Certificate

    return Certificate(tls_cert, tls_key)


def _open(url: str) -> None:
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
