//! `keyfob version`.
use keyfob_api::{COMPATIBLE_VERSION, SERVER_VERSION};
use serde::Serialize;

use crate::{invocation::Invocation, terminal::printing::TextFormat};

/// The arguments of the command.
#[derive(clap::Args)]
pub(crate) struct VersionArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: TextFormat,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names in the JSON")]
struct Version {
    version: &'static str,
    server_version: &'static str,
    compatible_version: &'static str,
}

/// Prints the version; no server is asked.
pub(crate) fn run(invocation: &Invocation, args: &VersionArgs) -> anyhow::Result<()> {
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        server_version: SERVER_VERSION,
        compatible_version: COMPATIBLE_VERSION,
    };
    match args.output {
        TextFormat::Json => invocation.out.json(&version),
        TextFormat::Text => {
            let text = format!("keyfob {}, compatible with {}", version.version, version.compatible_version);
            Ok(invocation.out.line(text)?)
        }
    }
}
