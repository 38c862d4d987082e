namespace KubeOps.Abstractions.Entities
{
    public enum EntityScope
    {
        Namespaced,
        Cluster,
    }
}

namespace KubeOps.Abstractions.Entities.Attributes
{
    [AttributeUsage(AttributeTargets.Class)]
    public class EntityScopeAttribute(EntityScope scope = EntityScope.Namespaced) : Attribute
    {
        public EntityScope Scope => scope;
    }

    [AttributeUsage(AttributeTargets.Class)]
    public class KubernetesEntityShortNamesAttribute(params string[] shortNames) : Attribute
    {
        public string[] ShortNames => shortNames;
    }
}
