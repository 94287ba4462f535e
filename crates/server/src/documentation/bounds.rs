//! The bounds of requests, said in the document: those that schemas leave open are the same for all bodies.
use std::collections::BTreeSet;

use utoipa::openapi::{
    Content, OpenApi as Document, PathItem, RefOr, Schema,
    path::Operation,
    schema::{AdditionalProperties, ArrayItems, SchemaType, Type},
};

use crate::http::json::{MOST_CHARACTERS, MOST_ITEMS, MOST_MEMBERS};

/// Says the bound of each text, list and object that a request can have and whose schema does not say one.
pub(crate) fn say_bounds(document: &mut Document) {
    let mut names = BTreeSet::new();
    let operations = document.paths.paths.values_mut().flat_map(operations_of);
    let bodies = operations.filter_map(|operation| match operation.request_body.as_mut() {
        Some(RefOr::T(body)) => Some(body),
        Some(RefOr::Ref(_)) | None => None,
    });
    for content in bodies.flat_map(|body| body.content.values_mut()) {
        if let RefOr::T(Content { schema: Some(schema), .. }) = content {
            say_in(schema, &mut names);
        }
    }
    let Some(components) = document.components.as_mut() else { return };
    let mut done = BTreeSet::new();
    while let Some(name) = names.pop_first() {
        let schema = components.schemas.get_mut(&name).filter(|_| done.insert(name));
        if let Some(schema) = schema {
            say_in(schema, &mut names);
        }
    }
}

fn operations_of(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete].into_iter().flatten()
}

/// Says the bounds of a schema, and gathers the names of those that it refers to.
fn say_in(schema: &mut RefOr<Schema>, names: &mut BTreeSet<String>) {
    match schema {
        RefOr::Ref(reference) => {
            names.extend(reference.ref_location.rsplit('/').next().map(str::to_owned));
        }
        RefOr::T(Schema::Object(object)) => {
            if is_text(&object.schema_type) && object.enum_values.is_none() {
                object.max_length.get_or_insert(MOST_CHARACTERS);
            }
            object.properties.values_mut().for_each(|schema| say_in(schema, names));
            if let Some(AdditionalProperties::RefOr(each)) = object.additional_properties.as_deref_mut() {
                object.max_properties.get_or_insert(MOST_MEMBERS);
                say_in(each, names);
            }
        }
        RefOr::T(Schema::Array(list)) => {
            list.max_items.get_or_insert(MOST_ITEMS);
            if let ArrayItems::RefOrSchema(each) = &mut list.items {
                say_in(each, names);
            }
        }
        RefOr::T(Schema::OneOf(of)) => of.items.iter_mut().for_each(|schema| say_in(schema, names)),
        RefOr::T(Schema::AnyOf(of)) => of.items.iter_mut().for_each(|schema| say_in(schema, names)),
        RefOr::T(Schema::AllOf(of)) => of.items.iter_mut().for_each(|schema| say_in(schema, names)),
        RefOr::T(_) => {}
    }
}

fn is_text(types: &SchemaType) -> bool {
    match types {
        SchemaType::Type(one) => *one == Type::String,
        SchemaType::Array(several) => several.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}
