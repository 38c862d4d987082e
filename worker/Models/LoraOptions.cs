namespace LightReasoner.Worker.Models;

/// <summary>What a LoRA adapter looks like, in PEFT's terms.</summary>
public sealed record LoraOptions
{
    /// <summary>Names by which projections of a decoder layer can be targeted.</summary>
    public static IReadOnlyList<string> Targets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Inner width of the adapter matrices.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The adapter's output is scaled by alpha / rank.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Probability with which an input element of A is dropped in training.</summary>
    public double Dropout { get; init; }

    /// <summary>Last parts of the names of the projections that are adapted, in every layer.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["q_proj", "v_proj"];

    /// <summary>alpha / rank.</summary>
    public double Scaling => Alpha / Rank;
}
