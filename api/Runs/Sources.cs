using System.ComponentModel.DataAnnotations;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api;

/// <summary>Another run in the same namespace whose output is used. The run waits until that one has succeeded.</summary>
public sealed record RunReference
{
    /// <summary>Kind of the referenced run.</summary>
    [Required]
    public RunKind? Kind { get; init; }

    /// <summary>Name of the referenced run.</summary>
    [Required, MinLength(1), MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string Name { get; init; } = null!;

    /// <summary><c>Kind/name</c>.</summary>
    public override string ToString() => $"{Kind}/{Name}";
}

/// <summary>Where a model comes from: a URI of a Hugging Face model folder, or the run that made it.</summary>
[CelRule("has(self.uri) != has(self.runRef)", "set exactly one of uri and runRef", nameof(HasOneSource))]
[CelRule("!has(self.runRef) || self.runRef.kind != 'SamplingRun'", "a SamplingRun has no model; name a FineTuneRun or a RefineRun",
    nameof(RefersToTraining), Field = "runRef")]
public sealed record ModelSource
{
    /// <summary>Model folder: <c>hf://org/name[@revision]</c>, <c>az://container/path</c>, <c>s3://bucket/path</c>, <c>https://…</c>,
    /// <c>file:///…</c> or a path.</summary>
    [MinLength(1), MaxLength(2048), RegularExpression(Patterns.Uri)]
    public string? Uri { get; init; }

    /// <summary>
    /// The FineTuneRun or RefineRun whose model is used: the merged model if there is one, otherwise base model and adapter.
    /// </summary>
    public RunReference? RunRef { get; init; }

    /// <summary>Folder of a PEFT LoRA adapter that is applied to the model.</summary>
    [MinLength(1), MaxLength(2048), RegularExpression(Patterns.Uri)]
    public string? AdapterUri { get; init; }

    /// <summary>Data type of the weights and of the computation. Softmax, norms, losses and KL are always computed in float32.</summary>
    public WeightType Dtype { get; init; } = WeightType.BFloat16;

    internal bool HasOneSource() => Uri is null != RunRef is null;
    internal bool RefersToTraining() => RunRef?.Kind is not RunKind.SamplingRun;
}

/// <summary>Where records come from: a URI (globs allowed), or the SamplingRun that wrote them.</summary>
[CelRule("has(self.uri) != has(self.runRef)", "set exactly one of uri and runRef", nameof(HasOneSource))]
[CelRule("!has(self.runRef) || self.runRef.kind == 'SamplingRun'", "only a SamplingRun writes samples", nameof(RefersToSampling),
    Field = "runRef")]
public sealed record DatasetSource
{
    /// <summary>
    /// A file, a folder, or several files by glob (<c>*</c>, <c>**</c>, <c>?</c>), such as <c>az://data/gsm8k/*.jsonl</c>.
    /// </summary>
    [MinLength(1), MaxLength(2048), RegularExpression(Patterns.Uri)]
    public string? Uri { get; init; }

    /// <summary>The SamplingRun whose samples (or answers) are used.</summary>
    public RunReference? RunRef { get; init; }

    /// <summary>Format of the files. Default: by the file's extension or content.</summary>
    public RecordFormat? Format { get; init; }

    internal bool HasOneSource() => Uri is null != RunRef is null;
    internal bool RefersToSampling() => RunRef is null or { Kind: null or RunKind.SamplingRun };
}

/// <summary>An object in the same namespace.</summary>
public sealed record LocalReference
{
    /// <summary>Name of the object.</summary>
    [Required, MinLength(1), MaxLength(253), RegularExpression(Patterns.ResourceName)]
    public string Name { get; init; } = null!;
}

/// <summary>Credentials for the storage that the run reads and writes.</summary>
public sealed record StorageSpec
{
    /// <summary>
    /// Secret whose keys become environment variables of the worker: <c>AZURE_STORAGE_CONNECTION_STRING</c>, or
    /// <c>AZURE_STORAGE_ACCOUNT</c> with <c>AZURE_STORAGE_KEY</c> or <c>AZURE_STORAGE_SAS_TOKEN</c>; <c>AWS_ACCESS_KEY_ID</c> with
    /// <c>AWS_SECRET_ACCESS_KEY</c>, and <c>AWS_REGION</c> or <c>AWS_ENDPOINT_URL</c>; <c>HF_TOKEN</c>. Default: the platform's workload
    /// identity.
    /// </summary>
    public LocalReference? SecretRef { get; init; }
}

/// <summary>Where the run writes its output.</summary>
public sealed record OutputSpec
{
    /// <summary>
    /// Folder of this run's output. Default: <c>PREFIX/namespace/kind/name</c>, with the output prefix of operator or worker.
    /// </summary>
    [MinLength(1), MaxLength(2048), RegularExpression(Patterns.OutputUri)]
    public string? Uri { get; init; }

    /// <summary>The folder, below the default prefix, of a run that names none: runs of different kinds may share a name.</summary>
    public static string DefaultFolder(RunKind kind, string? ns, string name) =>
        $"{ns ?? "default"}/{kind.ToString().ToLowerInvariant()}/{name}";
}

/// <summary>Patterns that more than one field uses.</summary>
public static class Patterns
{
    /// <summary>A lowercase RFC 1123 subdomain, as Kubernetes names objects.</summary>
    public const string ResourceName = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

    /// <summary>Name of a Kueue queue, or nothing.</summary>
    public const string QueueName = "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$";

    /// <summary>Name of an extended resource, such as <c>nvidia.com/gpu</c> or <c>nvidia.com/mig-1g.10gb</c>.</summary>
    public const string ExtendedResource = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";

    /// <summary>A Kubernetes quantity of bytes, such as <c>20Gi</c>.</summary>
    public const string Quantity = "^[0-9]+([.][0-9]+)?(k|Ki|[MGTPE]i?)?$";

    /// <summary>A URI of a scheme that can be read, or a path of the machine that the worker runs on.</summary>
    public const string Uri = "^((hf|az|s3|https|http|file)://.+|[^:]+)$";

    /// <summary>Address of a web server.</summary>
    public const string WebUri = "^https?://.+$";

    /// <summary>A URI of a scheme that can be written, or a path of the machine that the worker runs on.</summary>
    public const string OutputUri = "^((az|s3|https|http|file)://.+|[^:]+)$";
}
