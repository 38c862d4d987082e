using System.Net;
using System.Text.Json.Nodes;
using k8s.Autorest;
using LightReasoner.Api.Validation;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>api/ and the definitions say the same of the same documents: which field, and what is wrong with it.</summary>
[Collection(nameof(DevCluster))]
public sealed class DocumentTableTests(DevCluster cluster)
{
    private static readonly IReadOnlyDictionary<string, string> Least = new Dictionary<string, string>
    {
        ["SamplingRun"] = "{expert: {uri: hf://org/expert}, amateur: {uri: hf://org/amateur}, dataset: {uri: az://data/q.jsonl}}",
        ["FineTuneRun"] = "{model: {uri: hf://org/expert}, samples: {runRef: {kind: SamplingRun, name: s}}}",
        ["RefineRun"] = "{model: {uri: hf://org/expert}, dataset: {uri: az://data/r.parquet}}",
    };

    private const string NameRule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
        + "and must start and end with an alphanumeric character";

    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        var file = Path.Combine(RepositoryFolder.Path, "tests/Operator.Tests/Cluster/documents.yaml");
        foreach (var row in YamlJson.ToJson(File.ReadAllText(file), file)[0]!.AsArray()) rows.Add(
            $"{row!["kind"]} {row["change"]!.ToJsonString()}", row.ToJsonString());
        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Document_IsJudgedAlike_HereAndByTheServer(string name, string row)
    {
        var line = JsonNode.Parse(row)!.AsObject();
        string kind = (string)line["kind"]!, meaning = (string)line["is"]!;
        var document = Document(kind, line["change"]!.AsObject());

        IReadOnlyList<(string Field, string Meaning)> here = Here(document), there = await ThereAsync(kind, document);
        if (meaning == "ok")
        {
            Assert.True(here.Count == 0, $"{name}: api/ says {string.Join("; ", here)}");
            Assert.True(there.Count == 0, $"{name}: the server says {string.Join("; ", there)}");
            return;
        }
        Assert.Contains(((string)line["field"]!, meaning), here);
        // The message of a rule stands behind the value that breaks it.
        Assert.Contains(there, error => error.Field == (string)line["field"]!
            && (error.Meaning == meaning || error.Meaning.EndsWith($": {meaning}", StringComparison.Ordinal)));
        // Neither complains of anything else, but the server, where a type is wrong, of what follows from that at the same field.
        Assert.All(here.Concat(there), error => Assert.Equal((string)line["field"]!, error.Field));
    }

    [Theory]
    [InlineData("suspend", "true", true)]
    [InlineData("parallelism", "1", true)]
    [InlineData("ttlSecondsAfterFinished", "60", true)]
    [InlineData("expert", "{uri: hf://org/other}", false)]
    [InlineData("dataset", "{uri: az://data/other.jsonl}", false)]
    [InlineData("maxQuestions", "5", false)]
    [InlineData("maxQuestions", "9", true)]
    [InlineData("selection", "{beta: 0.5}", false)]
    [InlineData("batchSize", "7", false)]
    [InlineData("shards", "3", false)]
    [InlineData("output", "{uri: az://runs/other}", false)]
    [InlineData("storage", "{secretRef: {name: other}}", true)]
    [InlineData("tracking", "{mlflow: {uri: 'https://mlflow.example'}}", true)]
    [InlineData("queueName", "other", true)]
    [InlineData("retries", "1", true)]
    [InlineData("activeDeadlineSeconds", "5", true)]
    [InlineData("dependencyTimeoutSeconds", "5", true)]
    [InlineData("worker", "{gpus: 0, image: 'x:2', resources: {limits: {memory: 1Gi}}, tolerations: [{operator: Exists}]}", true)]
    public async Task Spec_OnceStarted_IsFrozenWhereItAffectsResults(string field, string value, bool allowed)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var run = await o.ApplySamplingAsync(change: s => s with { Shards = 2, MaxQuestions = 7 });
        var patch = new JsonObject { ["spec"] = new JsonObject { [field] = YamlJson.ToJson(value, "value")[0]!.DeepClone() } };
        run.Status = new SamplingRunStatus { Phase = RunPhase.Running, StartTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) };
        await o.Client.UpdateStatusAsync(run);

        if (allowed)
        {
            await o.PatchAsync<SamplingRunEntity>("s", patch);
            return;
        }
        var refused = await Assert.ThrowsAsync<HttpOperationException>(() => o.PatchAsync<SamplingRunEntity>("s", patch));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Response.StatusCode);
        Assert.Contains("\"field\":\"spec\"", refused.Response.Content);
        Assert.Contains("fields that affect results cannot be changed once the run has started", refused.Response.Content);
    }

    [Theory]
    [InlineData("maxQuestions", true)]
    [InlineData("activeDeadlineSeconds", true)]
    [InlineData("output", false)]
    [InlineData("storage", true)]
    [InlineData("parallelism", true)]
    [InlineData("ttlSecondsAfterFinished", true)]
    public async Task FieldThatWasSetAtTheStart_IsNotTakenAway(string field, bool allowed)
    {
        await using var o = await OperatorInCluster.StartAsync(cluster, start: false);
        var run = await o.ApplySamplingAsync(change: s => s with
        {
            MaxQuestions = 5,
            ActiveDeadlineSeconds = 60,
            Output = new OutputSpec { Uri = "az://runs/mine" },
            Storage = new StorageSpec { SecretRef = new LocalReference { Name = "mine" } },
            Parallelism = 1,
            TtlSecondsAfterFinished = 60,
        });
        run.Status = new SamplingRunStatus { Phase = RunPhase.Running, StartTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) };
        run = await o.Client.UpdateStatusAsync(run);
        // The status goes on while the spec stays.
        run.Status = run.Status with { Message = "at work" };
        await o.Client.UpdateStatusAsync(run);

        var removal = o.PatchAsync<SamplingRunEntity>("s", new JsonObject { ["spec"] = new JsonObject { [field] = null } });
        if (allowed) await removal;
        else Assert.Equal(HttpStatusCode.UnprocessableEntity,
            (await Assert.ThrowsAsync<HttpOperationException>(() => removal)).Response.StatusCode);
    }

    private static JsonObject Document(string kind, JsonObject changes)
    {
        var document = new JsonObject
        {
            ["apiVersion"] = ApiGroup.ApiVersion,
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = "x" },
            ["spec"] = YamlJson.ToJson(Least[kind], kind)[0]!.DeepClone(),
        };
        foreach (var (path, value) in changes)
        {
            var parent = document;
            var parts = path.Split('.');
            foreach (var part in parts[..^1])
            {
                if (parent[part] is not JsonObject child) parent[part] = child = [];
                parent = child;
            }
            parent[parts[^1]] = value?.DeepClone();
        }
        return document;
    }

    private static IReadOnlyList<(string, string)> Here(JsonObject document)
    {
        try
        {
            ManifestReader.Read(document.ToJsonString(), "x");
            return [];
        }
        catch (ManifestException e)
        {
            return [.. e.Errors.Select(error => (error.Path, MeaningHere(error)))];
        }
    }

    private async Task<IReadOnlyList<(string, string)>> ThereAsync(string kind, JsonObject document)
    {
        try
        {
            await cluster.Client.ApiClient.CustomObjects.CreateNamespacedCustomObjectAsync(
                document, ApiGroup.Name, ApiGroup.Version, "default", kind.ToLowerInvariant() + "s", dryRun: "All",
                fieldValidation: "Strict");
            return [];
        }
        catch (HttpOperationException e)
        {
            var status = JsonNode.Parse(e.Response.Content)!;
            var message = (string)status["message"]!;
            const string unknown = "unknown field \"";
            if (message.Contains(unknown, StringComparison.Ordinal)) return [(message.Split(unknown)[1].Split('"')[0], "unknown")];
            return [.. status["details"]!["causes"]!.AsArray()
                .Select(cause => ((string)cause!["field"]!, MeaningThere((string)cause["reason"]!, (string)cause["message"]!)))
                // Says only that rules were not looked at for another error's sake.
                .Where(cause => cause.Item1 != "<nil>")];
        }
    }

    private static string MeaningHere(FieldError error) => error.Message switch
    {
        "is required" => "required",
        var m when m.StartsWith(NameRule, StringComparison.Ordinal) => "name",
        var m when m.StartsWith("must be one of ", StringComparison.Ordinal) => "choice",
        var m when m.StartsWith("must match ", StringComparison.Ordinal) => "pattern",
        var m when m.StartsWith("must have at ", StringComparison.Ordinal) => "length",
        var m when m.StartsWith("must not name ", StringComparison.Ordinal) => "duplicate",
        var m when m.StartsWith("is not a known field", StringComparison.Ordinal) => "unknown",
        var m when m.StartsWith("must be ", StringComparison.Ordinal) && m[8] is '≥' or '≤' or '>' or '<' => "range",
        var m when m.StartsWith("must be a number from ", StringComparison.Ordinal) => m.Split(", was ")[0],
        var m when m.StartsWith("must be ", StringComparison.Ordinal) => "type",
        var m => m,
    };

    private static string MeaningThere(string reason, string message) => reason switch
    {
        "FieldValueRequired" => "required",
        "FieldValueTypeInvalid" => "type",
        "FieldValueNotSupported" => "choice",
        "FieldValueDuplicate" => "duplicate",
        "FieldValueTooLong" or "FieldValueTooMany" => "length",
        _ when message.Contains(NameRule, StringComparison.Ordinal) => "name",
        _ when message.Contains("should match ", StringComparison.Ordinal) => "pattern",
        _ when message.Contains("should be greater than", StringComparison.Ordinal)
            || message.Contains("should be less than", StringComparison.Ordinal) => "range",
        _ when message.Contains("should be at least", StringComparison.Ordinal)
            || message.Contains("should have at least", StringComparison.Ordinal) => "length",
        _ => message,
    };
}
