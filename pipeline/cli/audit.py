"""`consultguard audit`: proves, shows, examines and keeps the audit trail."""

import typer

from pipeline.cli import audit_keys, audit_look, audit_prove, audit_report, audit_verify

app = typer.Typer(
    no_args_is_help=True,
    help="The audit trail: verify it, look into it, prove and export from it, erase.",
    rich_markup_mode=None,
)
app.command("verify", epilog=audit_verify.EXAMPLES)(audit_verify.verify)
app.command("examine", epilog=audit_report.EXAMINE_EXAMPLES)(audit_report.examine)
app.command("export", epilog=audit_report.EXPORT_EXAMPLES)(audit_report.export_records)
app.command("show", epilog=audit_look.EXAMPLES)(audit_look.show)
app.command("erase", epilog=audit_keys.ERASE_EXAMPLES)(audit_keys.erase)
app.command("rewrap", epilog=audit_keys.REWRAP_EXAMPLES)(audit_keys.rewrap_keys)
app.command("prove", epilog=audit_prove.PROVE_EXAMPLES)(audit_prove.prove_chunk)
app.command("verify-proof", epilog=audit_prove.VERIFY_EXAMPLES)(audit_prove.verify_proof_file)
