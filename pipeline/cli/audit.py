"""`consultguard audit`: proves, shows, examines and keeps the audit trail."""

import typer

from pipeline.cli import audit_verify

app = typer.Typer(
    no_args_is_help=True,
    help="The audit trail: verify it, look into it, prove and export from it, erase.",
    rich_markup_mode=None,
)
app.command("verify", epilog=audit_verify.EXAMPLES)(audit_verify.verify)
