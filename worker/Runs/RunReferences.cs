using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>Where referenced runs wrote: as <c>--ref KIND/NAME=URI</c> says, else where such a run writes by default.</summary>
internal sealed class RunReferences
{
    private readonly string _prefix, _namespace;
    private readonly Dictionary<string, string> _given = [];

    /// <param name="references">Each <c>KIND/NAME=URI</c>.</param>
    /// <exception cref="WorkerException">A reference has another form.</exception>
    public RunReferences(IEnumerable<string> references, string prefix, string ns)
    {
        (_prefix, _namespace) = (prefix, ns);
        foreach (var reference in references)
        {
            if (reference.Split('=', 2) is not [var name, var uri] || !name.Contains('/'))
                throw new WorkerException(ExitCode.Usage, $"--ref must have the form KIND/NAME=URI, was '{reference}'");
            _given[name] = uri;
        }
    }

    public static string DefaultOutput(string prefix, RunKind kind, string? ns, string name) =>
        BlobUri.Join(prefix, OutputSpec.DefaultFolder(kind, ns, name));

    public string OutputOf(RunReference reference) =>
        _given.TryGetValue(reference.ToString(), out var uri) ? uri
            : DefaultOutput(_prefix, reference.Kind!.Value, _namespace, reference.Name);

    /// <summary>What to do where a referenced run is not found.</summary>
    public static string Hint(RunReference reference) =>
        $"has that run succeeded? If it wrote elsewhere, name its output: --ref {reference}=URI";

    /// <summary>URI of a dataset: its own, or the samples of the run that it refers to.</summary>
    public string DatasetUri(DatasetSource dataset) =>
        dataset.Uri ?? BlobUri.Join(OutputOf(dataset.RunRef!), "samples/*");
}
