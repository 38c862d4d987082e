namespace k8s
{
    public interface IKubernetesObject
    {
        [JsonPropertyName("apiVersion")]
        string ApiVersion { get; set; }

        [JsonPropertyName("kind")]
        string Kind { get; set; }
    }

    public interface IKubernetesObject<TMetadata> : IKubernetesObject, IMetadata<TMetadata>
    {
    }

    public interface IMetadata<TMetadata>
    {
        [JsonPropertyName("metadata")]
        TMetadata Metadata { get; set; }
    }

    public interface ISpec<TSpec>
    {
        [JsonPropertyName("spec")]
        TSpec Spec { get; set; }
    }

    public interface IStatus<TStatus>
    {
        [JsonPropertyName("status")]
        TStatus Status { get; set; }
    }

    public interface IItems<T>
    {
        [JsonPropertyName("items")]
        IList<T> Items { get; set; }
    }

    public class KubernetesObject : IKubernetesObject
    {
        [JsonPropertyName("apiVersion")]
        public string ApiVersion { get; set; }

        [JsonPropertyName("kind")]
        public string Kind { get; set; }
    }
}

namespace k8s.Models
{
    [AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
    public sealed class KubernetesEntityAttribute : Attribute
    {
        public string Group { get; set; }

        public string Kind { get; set; }

        public string ApiVersion { get; set; }

        public string PluralName { get; set; }
    }

    public class KubernetesList<T> : IMetadata<V1ListMeta>, IItems<T>
        where T : IKubernetesObject
    {
        public KubernetesList(IList<T> items, string apiVersion = default, string kind = default, V1ListMeta metadata = default)
        {
            ApiVersion = apiVersion;
            Items = items;
            Kind = kind;
            Metadata = metadata;
        }

        [JsonPropertyName("apiVersion")]
        public string ApiVersion { get; set; }

        [JsonPropertyName("items")]
        public IList<T> Items { get; set; }

        [JsonPropertyName("kind")]
        public string Kind { get; set; }

        [JsonPropertyName("metadata")]
        public V1ListMeta Metadata { get; set; }
    }
}
