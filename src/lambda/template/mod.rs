//! Reads which functions a template declares: AWS SAM or CloudFormation, YAML or JSON.
//!
//! Sources: AWS SAM Developer Guide, "AWS::Serverless::Function" and "Globals section"; CloudFormation User Guide, "AWS::Lambda::Function".

mod api_event;
mod function;
mod values;
mod yaml;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

pub(crate) use self::api_event::{Api, ApiEvent};
use self::function::Declaration;
pub(crate) use self::function::{DeclaredFunction, InvokeMode};
use self::values::Values;

/// The functions of a template, in the template's order.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) functions: Vec<DeclaredFunction>,
    /// Functions that cannot run here: the logical id, and the reason.
    pub(crate) skipped: Vec<(String, String)>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The file cannot be read or parsed, or the script of a function is not there.
    pub(crate) fn read(file: &Path) -> Result<Template> {
        let shown = file.display();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read the template `{shown}`"))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        parse(&text, folder).with_context(|| format!("`{shown}`"))
    }
}

fn parse(text: &str, folder: &Path) -> Result<Template> {
    let document = yaml::parse(text)?;
    let mut values = Values::of_parameters(&document);
    let globals = &document["Globals"]["Function"];
    let Some(resources) = document["Resources"].as_object() else { bail!("the template has no `Resources`") };
    let declarations: Vec<Declaration> = resources
        .iter()
        .filter_map(|(logical_id, resource)| {
            let declaration = Declaration::of(logical_id, resource, globals, &values)?;
            values.add_function(logical_id, &declaration.name);
            Some(declaration)
        })
        .collect();
    let mut template = Template { functions: Vec::new(), skipped: Vec::new() };
    for declaration in &declarations {
        match declaration.reason_to_skip(&values, folder) {
            Some(reason) => template.skipped.push((declaration.logical_id().to_owned(), reason)),
            None => template.functions.push(declaration.function(&values, folder)?),
        }
    }
    Ok(template)
}

#[cfg(test)]
mod tests;
