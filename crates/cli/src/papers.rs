//! `watchbell report`, `export` and `verify`: what leaves Watchbell about an incident, and the proof
//! that it stands unchanged.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use domain::Tlp;
use domain::report::TemplateKey;
use ledger::{VerifyingKey, bundle};
use reqwest::Method;
use server::report::templates::Templates;

use crate::client::Connection;
use crate::text::{self, plain};

/// Write the report of an incident.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  watchbell report INC-1                            INC-1.pdf\n  watchbell report INC-1 --kind one-pager --tlp amber -o for-the-board.pdf\n  watchbell report INC-1 --format docx -o for-the-board.docx\n  watchbell report INC-1 --format md -o - | less"
)]
pub struct ReportArgs {
    /// The incident, such as INC-1.
    #[arg(value_parser = incident, required = true)]
    incident: Option<String>,
    /// Which report: incident, one-pager, technical-annex, evidence-inventory, review, or a template of your own.
    #[arg(short, long, value_name = "TEMPLATE", value_parser = template)]
    kind: Option<String>,
    /// For which marking; what is marked above it is left out, and the report says how much. Without it: the
    /// incident's own.
    #[arg(long, value_name = "TLP", value_parser = tlp)]
    tlp: Option<Tlp>,
    /// The form of the report.
    #[arg(short, long, value_enum, default_value_t = Form::Pdf)]
    format: Form,
    /// The file to write; `-` is standard output. Without it: INCIDENT.FORMAT in this folder.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Option<ReportCommand>,
}

#[derive(clap::Subcommand)]
enum ReportCommand {
    /// Say of each template in a folder whether it can be used, and where and why not.
    Check { folder: PathBuf },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    Pdf,
    Md,
    Html,
    Docx,
}

/// Write the bundle of an incident: all records and evidence, with proofs that anyone can check offline.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  watchbell export INC-1                            INC-1.zip\n  watchbell export INC-1 -o evidence/case-17.zip"
)]
pub struct ExportArgs {
    /// The incident, such as INC-1.
    #[arg(value_parser = incident)]
    incident: String,
    /// The file to write; `-` is standard output. Without it: INCIDENT.zip in this folder.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Check a bundle offline: does every record in it stand unchanged in the ledger?
///
/// Ends with exit code 1 if anything does not, and names it.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  watchbell verify INC-1.zip\n  watchbell verify INC-1.zip --key watchbell.local/ledger+1a2b3c4d+Ab…   against the key that the organisation published\n  watchbell verify INC-1.zip --json | jq .problems"
)]
pub struct VerifyArgs {
    bundle: PathBuf,
    /// The ledger's verifier key, or a file that holds it. Without it the key in the bundle is used, and
    /// you compare its fingerprint with the one that the organisation published.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print everything that was checked, as JSON.
    #[arg(long)]
    json: bool,
}

/// An incident's name goes into an address and a file name, so it is nothing but one.
fn incident(text: &str) -> Result<String, String> {
    let name = text.to_ascii_uppercase();
    let number = name.strip_prefix("INC-").unwrap_or(&name);
    if !number.is_empty() && number.chars().all(|sign| sign.is_ascii_digit()) {
        Ok(format!("INC-{number}"))
    } else {
        Err("incidents are called INC-1, INC-2, …".to_owned())
    }
}

/// A template's name goes into an address and a file name.
fn template(text: &str) -> Result<String, String> {
    text.parse::<TemplateKey>().map(|key| key.to_string()).map_err(|error| error.to_string())
}

fn tlp(text: &str) -> Result<Tlp, String> {
    text.to_ascii_lowercase()
        .trim_start_matches("tlp:")
        .parse()
        .map_err(|error: domain::Error| error.to_string())
}

pub fn report(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    if let Some(ReportCommand::Check { folder }) = &args.command {
        let templates = Templates::load(Some(folder.as_path()))?;
        for template in templates.all() {
            text::say(&format!("{}: {}", plain(template.id.as_str()), plain(&template.title)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let incident = args.incident.as_deref().context("name the incident, such as INC-1")?;
    let (format, what) = match args.format {
        Form::Pdf => ("pdf", "The report"),
        Form::Md => ("md", "The report"),
        Form::Html => ("html", "The report"),
        Form::Docx => ("docx", "The report"),
    };
    let kind = args.kind.as_ref().map(|kind| format!("kind={kind}&")).unwrap_or_default();
    // The plus in amber+strict would be a blank.
    let tlp = args.tlp.map(|tlp| format!("tlp={}&", tlp.as_str().replace('+', "%2B"))).unwrap_or_default();
    let path = format!("api/v1/incidents/{incident}/report?{kind}{tlp}format={format}");
    let named = args.kind.as_ref().map_or_else(|| incident.to_owned(), |kind| format!("{incident}-{kind}"));
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{named}.{format}")));
    fetch(&args.connection, &path, &file, what)
}

pub fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let path = format!("api/v1/incidents/{}/bundle", args.incident);
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.zip", args.incident)));
    let code = fetch(&args.connection, &path, &file, "The bundle")?;
    if file != Path::new("-") {
        text::say(&format!(
            "Check it, here or anywhere: watchbell verify {}",
            plain(&file.display().to_string())
        ));
    }
    Ok(code)
}

/// Fetches what a path answers into a file, piece by piece. A file that is broken off is not left behind.
fn fetch(connection: &Connection, path: &str, file: &Path, what: &str) -> anyhow::Result<ExitCode> {
    let to_stdout = file == Path::new("-");
    if to_stdout && io::stdout().is_terminal() && !path.ends_with("=md") {
        bail!("this is not text for a terminal; name a file with -o FILE, or send it on with |");
    }
    crate::serve::runtime()?.block_on(async {
        let api = connection.open().await?;
        let mut answer = api.send(api.request(Method::GET, path)?).await?;
        if to_stdout {
            let mut out = io::stdout().lock();
            while let Some(piece) = answer.chunk().await.context("the connection broke")? {
                out.write_all(&piece)?;
            }
            out.flush()?;
            return Ok(ExitCode::SUCCESS);
        }
        let about = || format!("{} cannot be written", file.display());
        let beside = beside(file);
        let written = async {
            let mut out = File::create(&beside).with_context(about)?;
            let mut bytes = 0;
            while let Some(piece) = answer.chunk().await.context("the connection broke; ask again")? {
                out.write_all(&piece).with_context(about)?;
                bytes += u64::try_from(piece.len()).unwrap_or(0);
            }
            out.sync_all().with_context(about)?;
            std::fs::rename(&beside, file).with_context(about)?;
            anyhow::Ok(bytes)
        };
        match written.await {
            Ok(bytes) => {
                let name = file.display().to_string();
                text::say(&format!("{what} is in {} ({}).", plain(&name), text::bytes(bytes)));
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                std::fs::remove_file(&beside).ok();
                Err(error)
            }
        }
    })
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

pub fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let trusted = args.key.as_deref().map(key).transpose()?;
    let about = || format!("{} cannot be read; check the path", args.bundle.display());
    let file = File::open(&args.bundle).with_context(about)?;
    let verdict = bundle::verify(BufReader::new(file), trusted.as_ref())
        .with_context(|| format!("{} cannot be verified", args.bundle.display()))?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&verdict)?)?;
    } else {
        // The bundle may come from anybody, and so may every word in it.
        writeln!(out, "{}", text::lines(&verdict.to_string()))?;
    }
    out.flush()?;
    Ok(if verdict.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A verifier key, or the file that holds one. Comments and blank lines in the file are passed over.
fn key(given: &str) -> anyhow::Result<VerifyingKey> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).map_err(|error| {
        anyhow!("--key {given} is neither a verifier key (NAME+ID+KEY) nor a file: {error}")
    })?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let line = line.with_context(|| format!("{given} is empty; it should hold the ledger's verifier key"))?;
    line.parse().with_context(|| format!("{given} holds no verifier key"))
}

#[cfg(test)]
mod tests {
    use super::incident;

    #[test]
    fn an_incident_is_named_by_its_number_and_nothing_else() {
        assert_eq!(incident("inc-7").as_deref(), Ok("INC-7"));
        assert_eq!(incident("7").as_deref(), Ok("INC-7"));
        for text in ["", "INC-", "INC-1/../../me", "INC-1?x", "ALR-1", "-1"] {
            assert!(incident(text).is_err(), "{text}");
        }
    }
}
