//! The types whose objects can be registered.
use keyfob_rbac::{Catalogue, ResourceType};

/// The types that Keyfob stores itself: other operations create their objects.
const OWN_TYPES: [ResourceType; 13] = [
    ResourceType::API_KEY,
    ResourceType::ASSIGN_ORG_ROLE,
    ResourceType::ASSIGN_ROLE,
    ResourceType::AUDIT_LOG,
    ResourceType::DEBUG_INFO,
    ResourceType::DEPLOYMENT_CONFIG,
    ResourceType::DEPLOYMENT_STATS,
    ResourceType::GROUP,
    ResourceType::GROUP_MEMBER,
    ResourceType::ORGANIZATION,
    ResourceType::ORGANIZATION_MEMBER,
    ResourceType::SYSTEM,
    ResourceType::USER,
];

/// Whether objects of this type can be registered.
pub fn is_registrable(of: ResourceType) -> bool {
    !OWN_TYPES.contains(&of)
}

/// All types that can be registered.
pub fn registrable(catalogue: &Catalogue) -> Vec<ResourceType> {
    catalogue.resource_types().filter(|of| is_registrable(*of)).collect()
}
