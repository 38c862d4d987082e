using System.Text.Encodings.Web;
using System.Text.Json.Serialization;

namespace LightReasoner.Worker.Data;

/// <summary>
/// The soft label of one kept step: which tokens the expert finds plausible there, weighted by how much more it believes in them than the
/// amateur does. Field names are those of the published data; <c>question</c> and <c>prefix_ids</c> and the entropies and likeliest tokens
/// are ours and may be absent.
/// </summary>
internal sealed record ContrastiveSample
{
    /// <summary>The form of a samples file.</summary>
    internal static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Identifies the question; the question's text in published data.</summary>
    [JsonRequired]
    public string PromptId { get; init; } = "";

    /// <summary>Index of the labelled token among the generated ones, from 0.</summary>
    public int Step { get; init; }

    /// <summary>Text of the tokens generated before the labelled one; the prompt is not part of it, as in the published data.</summary>
    public string Prefix { get; init; } = "";
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>Ids of the plausible tokens, ascending.</summary>
    [JsonRequired]
    public int[] TokenIds { get; init; } = [];

    /// <summary>Weight of each plausible token; they sum to 1.</summary>
    [JsonRequired]
    public double[] Weights { get; init; } = [];

    /// <summary>KL(expert ‖ amateur) at this step, in nats.</summary>
    public double KlDivergence { get; init; }
    public string? Question { get; init; }

    /// <summary>Ids of everything before the labelled token, the prompt included, so that training tokenises nothing anew.</summary>
    public int[]? PrefixIds { get; init; }

    /// <summary>Fingerprint of the weights of the expert whose distributions the label is of.</summary>
    public string? Expert { get; init; }

    /// <summary>Entropy of the expert's distribution at this step, in nats.</summary>
    public double? ExpertEntropy { get; init; }
    public double? AmateurEntropy { get; init; }
    public int? ExpertTop1 { get; init; }

    /// <summary>The amateur's most likely token, by the expert's ids.</summary>
    public int? AmateurTop1 { get; init; }

    /// <summary>Where the record stands, for messages; set by the reader, never written into a samples file.</summary>
    public string? Place { get; init; }
}
