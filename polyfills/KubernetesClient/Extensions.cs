using System.Reflection;

namespace k8s;

public static class Extensions
{
    public static KubernetesEntityAttribute GetKubernetesTypeMetadata<T>(this T obj)
        where T : IKubernetesObject => obj.GetType().GetKubernetesTypeMetadata();

    public static KubernetesEntityAttribute GetKubernetesTypeMetadata(this Type currentType)
    {
        var attr = currentType.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new InvalidOperationException($"Custom resource must have {nameof(KubernetesEntityAttribute)} applied to it");
        attr.PluralName ??= attr.Kind?.ToLowerInvariant() + "s";
        return attr;
    }

    /// <summary>Sets kind and apiVersion from the type's <see cref="KubernetesEntityAttribute"/>.</summary>
    public static T Initialize<T>(this T obj)
        where T : IKubernetesObject
    {
        var metadata = obj.GetKubernetesTypeMetadata();
        obj.ApiVersion = string.IsNullOrEmpty(metadata.Group) ? metadata.ApiVersion : $"{metadata.Group}/{metadata.ApiVersion}";
        obj.Kind = metadata.Kind ?? obj.GetType().Name;
        if (obj is IMetadata<V1ObjectMeta> withMetadata && withMetadata.Metadata == null)
        {
            withMetadata.Metadata = new V1ObjectMeta();
        }

        return obj;
    }
}
