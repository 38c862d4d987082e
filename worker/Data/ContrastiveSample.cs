using System.Text.Json.Serialization;

namespace LightReasoner.Worker.Data;

/// <summary>
/// The soft label of one kept step: which tokens the expert finds plausible there, weighted by how much more it believes in them than the
/// amateur does. Field names are those of the published data; <c>question</c> and <c>prefix_ids</c> and the entropies and likeliest tokens
/// are ours and may be absent.
/// </summary>
public sealed record ContrastiveSample
{
    /// <summary>Identifies the question; the question's text in published data.</summary>
    [JsonPropertyName("prompt_id"), JsonRequired]
    public string PromptId { get; init; } = "";

    /// <summary>Index of the labelled token among the generated ones, from 0.</summary>
    [JsonPropertyName("step")]
    public int Step { get; init; }

    /// <summary>Text of the tokens generated before the labelled one; the prompt is not part of it, as in the published data.</summary>
    [JsonPropertyName("prefix")]
    public string Prefix { get; init; } = "";

    /// <summary>Texts of the plausible tokens.</summary>
    [JsonPropertyName("tokens")]
    public IReadOnlyList<string> Tokens { get; init; } = [];

    /// <summary>Ids of the plausible tokens, ascending.</summary>
    [JsonPropertyName("token_ids"), JsonRequired]
    public int[] TokenIds { get; init; } = [];

    /// <summary>Weight of each plausible token; they sum to 1.</summary>
    [JsonPropertyName("weights"), JsonRequired]
    public double[] Weights { get; init; } = [];

    /// <summary>KL(expert ‖ amateur) at this step, in nats.</summary>
    [JsonPropertyName("kl_divergence")]
    public double KlDivergence { get; init; }

    /// <summary>The question.</summary>
    [JsonPropertyName("question"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Question { get; init; }

    /// <summary>Ids of everything before the labelled token, the prompt included, so that training tokenises nothing anew.</summary>
    [JsonPropertyName("prefix_ids"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int[]? PrefixIds { get; init; }

    /// <summary>Fingerprint of the weights of the expert whose distributions the label is of.</summary>
    [JsonPropertyName("expert"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Expert { get; init; }

    /// <summary>Entropy of the expert's distribution at this step, in nats.</summary>
    [JsonPropertyName("expert_entropy"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ExpertEntropy { get; init; }

    /// <summary>Entropy of the amateur's distribution, in nats.</summary>
    [JsonPropertyName("amateur_entropy"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AmateurEntropy { get; init; }

    /// <summary>The expert's most likely token.</summary>
    [JsonPropertyName("expert_top1"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExpertTop1 { get; init; }

    /// <summary>The amateur's most likely token, by the expert's ids.</summary>
    [JsonPropertyName("amateur_top1"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? AmateurTop1 { get; init; }

    /// <summary>Where the record stands, for messages; set by the reader, never written into a samples file.</summary>
    [JsonPropertyName("place"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Place { get; init; }
}
