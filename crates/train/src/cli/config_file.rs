//! Settings in a file: `--config FILE.toml`, and `--print-config`, which writes one.
//!
//! A key is the long name of an option. What the file says is put in front of what was typed, and the
//! command line's own parser reads both: every option of every command can stand in a file, in the same
//! words and with the same checks.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use dataset::schema::file::quoted;
use dataset::suggestion::nearest;
use terminal::{Exit, Failure, wrap};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::args::Cli;

/// Options that say where settings come from, and are none.
const NOT_SETTINGS: [&str; 4] = ["config", "print_config", "help", "version"];

/// What the program is asked to do.
pub(super) struct Request {
    /// What was typed, with what the file says.
    pub(super) cli: Cli,
    /// All settings as a file, where it is asked for.
    pub(super) printed: Option<String>,
    /// The parser.
    command: Command,
    /// What it read: what was typed, with what the file says in front.
    words: Vec<OsString>,
}

impl Request {
    /// The parser of one command.
    pub(super) fn command(&self, name: &str) -> &Command {
        self.command.find_subcommand(name).unwrap_or(&self.command)
    }

    /// The same words with more behind them, which win.
    ///
    /// # Errors
    /// [`Failure`] with what the parser says of them.
    pub(super) fn reread(&self, more: &[String]) -> Result<Cli, Failure> {
        let mut words = self.words.clone();
        // Behind `--` everything is a table.
        let end = words.iter().position(|word| word == "--");
        let end = end.unwrap_or(words.len());
        words.splice(end..end, more.iter().map(OsString::from));
        let mut command = self.command.clone();
        if let Some(name) = self.words.get(1).and_then(|word| word.to_str())
            && command.find_subcommand(name).is_some()
        {
            command = command.mut_subcommand(name, |own| own.args_override_self(true));
        }
        command
            .try_get_matches_from(words)
            .and_then(|matches| Cli::from_arg_matches(&matches))
            .map_err(|error| Failure::new(sentence(&error), Exit::Usage))
    }
}

/// Reads the command line and the file that it names.
///
/// Mistakes of what was typed end the program here, as the parser does it; those of the file are a
/// [`Failure`].
pub(super) fn request() -> Result<Request, Failure> {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let command = built();
    let mut matches = command.clone().get_matches_from(&words);
    let mut cli = parsed(&matches);
    if let Some(path) = cli.config().and_then(|config| config.config.clone()) {
        let text = fs::read_to_string(&path).map_err(|error| {
            Failure::new(format!("{}: {error}", path.display()), Exit::Usage)
                .with_remedy(Some("a file as `train fit --print-config` writes it"))
        })?;
        let file = File::new(&path, &text);
        matches = file.matches(&command, &matches, &mut words)?;
        cli = parsed(&matches);
    }
    let asked = cli.config().is_some_and(|config| config.print_config);
    let printed = asked.then(|| printed(&command, &matches));
    Ok(Request {
        cli,
        printed,
        command,
        words,
    })
}

/// The command line's parser, complete.
fn built() -> Command {
    // A search judges by folds, so that no rows need to be held out beside them.
    let mut command = Cli::command().mut_subcommand("search", |search| {
        search.mut_arg("test", |test| test.default_value("0"))
    });
    command.build();
    command
}

fn parsed(matches: &ArgMatches) -> Cli {
    Cli::from_arg_matches(matches).unwrap_or_else(|error| error.exit())
}

/// The command that runs, with what was said to it; without a subcommand that is `fit`.
fn chosen<'a>(command: &'a Command, matches: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    let subcommand = matches
        .subcommand()
        .and_then(|(name, own)| Some((command.find_subcommand(name)?, own)));
    subcommand.unwrap_or((command, matches))
}

/// The name of an option in a file.
fn name(argument: &Arg) -> Option<Cow<'_, str>> {
    if NOT_SETTINGS.contains(&argument.get_id().as_str()) {
        return None;
    }
    if let Some(long) = argument.get_long() {
        Some(Cow::Borrowed(long))
    } else {
        let value = argument.get_value_names()?.first()?;
        Some(Cow::Owned(value.to_lowercase()))
    }
}

/// Whether several values may be given.
fn is_list(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append)
}

fn is_flag(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue)
}

type Key<'a> = Spanned<Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// A file that is being read.
struct File<'a> {
    path: Cow<'a, str>,
    text: &'a str,
}

impl<'a> File<'a> {
    fn new(path: &'a Path, text: &'a str) -> Self {
        Self {
            path: path.to_string_lossy(),
            text,
        }
    }

    /// Puts the file's settings in front of what was typed, as the parser understands both.
    fn matches(
        &self,
        command: &Command,
        matches: &ArgMatches,
        typed: &mut Vec<OsString>,
    ) -> Result<ArgMatches, Failure> {
        let words = 1 + usize::from(matches.subcommand().is_some());
        let before = self.words(command, matches, &typed[..words])?;
        typed.splice(words..words, before);
        command
            .clone()
            .try_get_matches_from(&*typed)
            .map_err(|error| {
                Failure::new(format!("{}: {}", self.path, sentence(&error)), Exit::Usage)
            })
    }

    /// The file's settings as words of the command line, but for those that something typed overrules.
    fn words(
        &self,
        command: &Command,
        matches: &ArgMatches,
        first: &[OsString],
    ) -> Result<Vec<OsString>, Failure> {
        let root = DeTable::parse(self.text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            let reason = error.message().replace('\n', ", ");
            self.fault(place, &reason, "a line such as lambda = 0.1")
        })?;
        let (own, matches) = chosen(command, matches);
        let mut entries: Vec<(&Key<'_>, &Value<'_>)> = root.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut words = Vec::new();
        for (key, value) in entries {
            let argument = self.argument(own, key)?;
            let setting = self.setting(argument, key, value)?;
            if is_overruled(own, argument, matches) {
                continue;
            }
            // Tried on its own, so that a mistake has its line.
            let line = first.iter().chain(&setting);
            if let Err(error) = command.clone().try_get_matches_from(line) {
                return Err(self.fault(key.span().start, &sentence(&error), ""));
            }
            words.extend(setting);
        }
        Ok(words)
    }

    fn argument<'c>(&self, command: &'c Command, key: &Key<'_>) -> Result<&'c Arg, Failure> {
        let wanted: &str = key.get_ref();
        let settings = || {
            let arguments = command.get_arguments();
            arguments.filter_map(|argument| Some((name(argument)?, argument)))
        };
        if let Some((_, argument)) = settings().find(|(name, _)| name == wanted) {
            return Ok(argument);
        }
        let names: Vec<Cow<'_, str>> = settings().map(|(name, _)| name).collect();
        let remedy = match nearest(wanted, names.iter().map(AsRef::as_ref)) {
            Some(near) => format!("write {near}"),
            None => "train fit --print-config lists all of them".to_owned(),
        };
        let reason = format!("there is no setting `{wanted}`");
        Err(self.fault(key.span().start, &reason, &remedy))
    }

    /// A setting as words of the command line.
    fn setting(
        &self,
        argument: &Arg,
        key: &Key<'_>,
        value: &Value<'_>,
    ) -> Result<Vec<OsString>, Failure> {
        let name: &str = key.get_ref();
        let wrong = |expected: &str| {
            let found = value.get_ref().type_str();
            let reason = format!("`{name}` is of the type {found}");
            self.fault(value.span().start, &reason, &format!("write {expected}"))
        };
        let word = |text: &str| -> OsString {
            if argument.is_positional() {
                text.into()
            } else {
                format!("--{name}={text}").into()
            }
        };
        match value.get_ref() {
            DeValue::Boolean(set) if is_flag(argument) => {
                let flag = OsString::from(format!("--{name}"));
                Ok(set.then_some(flag).into_iter().collect())
            }
            _ if is_flag(argument) => Err(wrong("true or false")),
            DeValue::Array(values) if is_list(argument) => values
                .iter()
                .map(|value| scalar(value.get_ref()).map(|text| word(&text)))
                .collect::<Option<_>>()
                .ok_or_else(|| wrong("a list of texts or numbers")),
            one => match scalar(one) {
                Some(text) => Ok(vec![word(&text)]),
                None if is_list(argument) => Err(wrong("a list of texts or numbers")),
                None => Err(wrong("one text or number")),
            },
        }
    }

    fn fault(&self, at: usize, reason: &str, remedy: &str) -> Failure {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        let remedy = (!remedy.is_empty()).then_some(remedy);
        Failure::new(format!("{}:{line}: {reason}", self.path), Exit::Usage).with_remedy(remedy)
    }
}

/// Whether something that was typed says the same, or cannot stand beside it.
fn is_overruled(command: &Command, argument: &Arg, matches: &ArgMatches) -> bool {
    let typed = |argument: &Arg| {
        let source = matches.value_source(argument.get_id().as_str());
        source == Some(ValueSource::CommandLine)
    };
    let conflicts = |one: &Arg, other: &Arg| {
        let others = command.get_arg_conflicts_with(one);
        others.iter().any(|found| found.get_id() == other.get_id())
    };
    command.get_arguments().any(|other| {
        let same = other.get_id() == argument.get_id();
        typed(other) && (same || conflicts(argument, other) || conflicts(other, argument))
    })
}

/// One text or number as it stands in the file.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Datetime(date) => Some(date.to_string()),
        DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// What the parser says, as one sentence.
fn sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let sentence = words.join(" ");
    sentence.trim_start_matches("error: ").to_owned()
}

/// Every setting of the command, with its explanation; what has no value stands in a comment.
fn printed(command: &Command, matches: &ArgMatches) -> String {
    let (own, matches) = chosen(command, matches);
    let mut text =
        "# Settings as `train --config FILE` reads them. A line behind # sets nothing.\n"
            .to_owned();
    let settings: Vec<(Cow<'_, str>, &Arg)> = own
        .get_arguments()
        .filter_map(|argument| Some((name(argument)?, argument)))
        .collect();
    let mut headings: Vec<Option<&str>> = Vec::new();
    for (_, argument) in &settings {
        if !headings.contains(&argument.get_help_heading()) {
            headings.push(argument.get_help_heading());
        }
    }
    for heading in headings {
        let title = heading.map_or_else(String::new, |heading| format!("## {heading}\n"));
        let _ = write!(text, "\n{title}");
        for (name, argument) in &settings {
            if argument.get_help_heading() == heading {
                let _ = writeln!(text, "{}", wrap("# ", "# ", &explanation(argument)));
                let _ = writeln!(text, "{}", assignment(name, argument, matches));
            }
        }
    }
    text
}

/// What a setting is, and which values it may have where they have names.
fn explanation(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string);
    let values = argument.get_possible_values();
    let names: Vec<&str> = values
        .iter()
        .map(clap::builder::PossibleValue::get_name)
        .collect();
    let one_of = match names.as_slice() {
        [] => String::new(),
        names if is_flag(argument) && names.len() == 2 => String::new(),
        names => format!(": {}", names.join(", ")),
    };
    help.unwrap_or_default() + &one_of
}

/// A setting as a line of the file.
fn assignment(name: &str, argument: &Arg, matches: &ArgMatches) -> String {
    let id = argument.get_id().as_str();
    if is_flag(argument) {
        return format!("{name} = {}", matches.get_flag(id));
    }
    let values: Vec<String> = matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(|value| written(&value.to_string_lossy()))
        .collect();
    match (values.as_slice(), is_list(argument)) {
        ([], true) => format!("# {name} = []"),
        ([], false) => {
            let names = argument.get_value_names().unwrap_or_default();
            let value = names.first().map_or("", |name| name.as_str());
            format!("# {name} = {}", quoted(value))
        }
        (values, true) => format!("{name} = [{}]", values.join(", ")),
        ([first, ..], false) => format!("{name} = {first}"),
    }
}

/// A value as the file writes it: a number as it is, where it reads back as the same text.
fn written(value: &str) -> String {
    let line = format!("x = {value}");
    let number = DeTable::parse(&line).is_ok_and(|table| {
        let mut values = table.get_ref().values();
        values.next().is_some_and(|one| {
            let number = matches!(one.get_ref(), DeValue::Integer(_) | DeValue::Float(_));
            number && scalar(one.get_ref()).as_deref() == Some(value)
        })
    });
    if number {
        value.to_owned()
    } else {
        quoted(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser understands of these words and this file.
    fn read(typed: &[&str], text: &str) -> Result<Cli, String> {
        let command = built();
        let mut typed: Vec<OsString> = ["train"].iter().chain(typed).map(OsString::from).collect();
        let matches = command.clone().try_get_matches_from(&typed).unwrap();
        let file = File::new(Path::new("c.toml"), text);
        let matches = file.matches(&command, &matches, &mut typed);
        matches
            .map(|matches| parsed(&matches))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_typed_wins() {
        let file =
            "lambda = 0.5\nepochs = 7\ndrop = [\"a\", \"b\"]\nstrict = true\nquiet = false\n";
        let cli = read(&[], file).unwrap();
        assert_eq!(
            (cli.fit.penalty.lambda, cli.fit.stochastic.epochs),
            (Some(0.5), 7)
        );
        assert_eq!(cli.fit.table.columns.drop, ["a", "b"]);
        assert!(cli.fit.strict && !cli.fit.quiet);
        let cli = read(&["--epochs", "9", "--drop", "c", "--c", "2"], file).unwrap();
        assert_eq!(cli.fit.stochastic.epochs, 9);
        assert_eq!(cli.fit.table.columns.drop, ["c"]);
        // --c and --lambda are two words for one thing.
        assert_eq!(
            (cli.fit.penalty.lambda, cli.fit.penalty.c),
            (None, Some(2.0))
        );
    }

    #[test]
    fn mistakes_have_their_line() {
        for (file, essentials) in [
            (
                "epochs = 1\nlamda = 1\n",
                &["c.toml:2: there is no setting `lamda`", "write lambda"][..],
            ),
            ("epochs = 'many'\n", &["c.toml:1:", "'many'", "--epochs"]),
            (
                "\nstrict = 1\n",
                &["c.toml:2: `strict`", "write true or false"],
            ),
            (
                "lambda = [1, 2]\n",
                &["`lambda` is of the type array", "write one text or number"],
            ),
            (
                "[fit]\nlambda = 1\n",
                &["c.toml:1: there is no setting `fit`"],
            ),
            ("lambda = \n", &["c.toml:1:", "a line such as"]),
            ("lambda = 1\nc = 1\n", &["c.toml: ", "--lambda", "--c"]),
            ("config = 'd.toml'\n", &["there is no setting `config`"]),
        ] {
            let message = read(&[], file).unwrap_err();
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            for essential in essentials {
                assert!(message.contains(essential), "{file}: {message}");
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        let command = built();
        let typed = [
            "train",
            "fit",
            "x.csv",
            "y.csv",
            "--positive",
            "1.0",
            "--na",
            "?,\"a\"",
            "--encode",
            "a=bins:3",
            "--tolerance",
            "1e-9",
        ];
        let matches = command.clone().try_get_matches_from(typed).unwrap();
        let text = printed(&command, &matches);
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        let mut bare = ["train", "fit"].map(OsString::from).to_vec();
        let empty = command.clone().try_get_matches_from(&bare).unwrap();
        let file = File::new(Path::new("c.toml"), &text);
        let again = file.matches(&command, &empty, &mut bare).unwrap();
        assert_eq!(
            format!("{:?}", parsed(&again)),
            format!("{:?}", parsed(&matches))
        );
        assert_eq!(printed(&command, &again), text);
    }
}
