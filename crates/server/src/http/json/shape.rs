//! What a JSON body may hold. It is read from the schema that the document shows, so that each bound is both said and
//! held.
use std::{
    any::TypeId,
    collections::HashMap,
    sync::{LazyLock, PoisonError, RwLock},
};

use utoipa::{
    ToSchema,
    openapi::{
        Object, Ref, RefOr, Schema,
        schema::{AdditionalProperties, ArrayItems, SchemaType, Type},
    },
};

/// How many characters a text may have whose schema does not say it.
pub(crate) const MOST_CHARACTERS: usize = 1024;
/// How many entries a list may have whose schema does not say it.
pub(crate) const MOST_ITEMS: usize = 1000;
/// How many members an object may have whose keys the client chooses, and whose schema does not say it.
pub(crate) const MOST_MEMBERS: usize = 1000;
/// How many levels of schemas are followed. None of ours has as many.
const MOST_LEVELS: usize = 16;

/// What a value may hold, by the kind of JSON that it is.
#[derive(Debug)]
pub(super) enum Shape {
    /// Whatever a platform stores: kept as it is.
    Free,
    /// What a schema describes.
    Described(Described),
}

/// The bounds of a value that a schema describes. A value of a kind without bounds is refused when it is read as its
/// type.
#[derive(Debug)]
pub(super) struct Described {
    /// How many characters a text may have.
    pub(super) most_characters: usize,
    /// How many entries a list may have, and what they may hold.
    pub(super) items: Option<(usize, Box<Shape>)>,
    pub(super) members: Members,
}

/// What an object may hold.
#[derive(Debug)]
pub(super) enum Members {
    /// Nothing: no object is expected.
    None,
    /// These fields.
    Fields(Vec<(String, Shape)>),
    /// So many members at most, under keys of the client's.
    Entries(usize, Box<Shape>),
}

impl Described {
    const NOTHING: Self = Self { most_characters: MOST_CHARACTERS, items: None, members: Members::None };
}

/// Schemas by their names.
type Schemas = HashMap<String, RefOr<Schema>>;

impl Shape {
    /// The shape of a type, which is made once.
    pub(super) fn of<T: ToSchema + 'static>() -> &'static Self {
        static SHAPES: LazyLock<RwLock<HashMap<TypeId, &'static Shape>>> = LazyLock::new(RwLock::default);
        let id = TypeId::of::<T>();
        if let Some(shape) = SHAPES.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return shape;
        }
        let mut shapes = SHAPES.write().unwrap_or_else(PoisonError::into_inner);
        shapes.entry(id).or_insert_with(|| Box::leak(Box::new(Self::made_of::<T>())))
    }

    fn made_of<T: ToSchema>() -> Self {
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        Self::read(&T::schema(), &schemas.into_iter().collect(), MOST_LEVELS)
    }

    fn read(schema: &RefOr<Schema>, schemas: &Schemas, levels: usize) -> Self {
        let Some(levels) = levels.checked_sub(1) else { return Self::Described(Described::NOTHING) };
        match schema {
            RefOr::Ref(reference) => {
                // A schema that is missing lets nothing through.
                let schema = find(reference, schemas);
                schema.map_or(Self::Described(Described::NOTHING), |schema| Self::read(schema, schemas, levels))
            }
            RefOr::T(Schema::Object(object)) => Self::of_object(object, schemas, levels),
            RefOr::T(Schema::Array(list)) => {
                let each = match &list.items {
                    ArrayItems::RefOrSchema(each) => Self::read(each, schemas, levels),
                    ArrayItems::False => Self::Free,
                };
                let items = Some((list.max_items.unwrap_or(MOST_ITEMS), Box::new(each)));
                Self::Described(Described { items, ..Described::NOTHING })
            }
            RefOr::T(Schema::OneOf(any)) => Self::any_of(&any.items, schemas, levels),
            RefOr::T(Schema::AnyOf(any)) => Self::any_of(&any.items, schemas, levels),
            RefOr::T(Schema::AllOf(all)) => Self::any_of(&all.items, schemas, levels),
            RefOr::T(_) => Self::Free,
        }
    }

    fn of_object(object: &Object, schemas: &Schemas, levels: usize) -> Self {
        let most_characters = object.max_length.unwrap_or(MOST_CHARACTERS);
        let members = match &object.additional_properties {
            _ if !object.properties.is_empty() => {
                let field = |(name, schema): (&String, _)| (name.clone(), Self::read(schema, schemas, levels));
                Members::Fields(object.properties.iter().map(field).collect())
            }
            Some(properties) => match &**properties {
                AdditionalProperties::RefOr(each) => {
                    let each = Self::read(each, schemas, levels);
                    if matches!(each, Self::Free) {
                        return Self::Free;
                    }
                    Members::Entries(object.max_properties.unwrap_or(MOST_MEMBERS), Box::new(each))
                }
                AdditionalProperties::FreeForm(_) => return Self::Free,
            },
            None if may_be_object(&object.schema_type) => return Self::Free,
            None => Members::None,
        };
        Self::Described(Described { most_characters, items: None, members })
    }

    /// What is one of several things may hold what each of them may.
    fn any_of(schemas_of: &[RefOr<Schema>], schemas: &Schemas, levels: usize) -> Self {
        let mut all = Described::NOTHING;
        let mut fields = Vec::new();
        for schema in schemas_of {
            match Self::read(schema, schemas, levels) {
                Self::Free => return Self::Free,
                Self::Described(one) => {
                    all.most_characters = all.most_characters.max(one.most_characters);
                    all.items = all.items.or(one.items);
                    match one.members {
                        Members::None => {}
                        Members::Fields(more) => fields.extend(more),
                        entries @ Members::Entries(..) => all.members = entries,
                    }
                }
            }
        }
        if !fields.is_empty() {
            all.members = Members::Fields(fields);
        }
        Self::Described(all)
    }
}

fn may_be_object(types: &SchemaType) -> bool {
    match types {
        SchemaType::Type(one) => *one == Type::Object,
        SchemaType::Array(several) => several.contains(&Type::Object),
        SchemaType::AnyValue => true,
    }
}

fn find<'a>(reference: &Ref, schemas: &'a Schemas) -> Option<&'a RefOr<Schema>> {
    schemas.get(reference.ref_location.rsplit('/').next()?)
}
