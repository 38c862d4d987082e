namespace LightReasoner.Worker.Models;

/// <summary>
/// The <c>llama3</c> rule for stretching rotary frequencies: wavelengths below original/high stay, those above original/low are
/// divided by <paramref name="Factor"/>, and the band between is interpolated.
/// </summary>
public sealed record RopeScaling(double Factor, double LowFreqFactor, double HighFreqFactor, int OriginalMaxPositionEmbeddings)
{
    internal static RopeScaling? Parse(JsonFields? fields)
    {
        if (fields is null)
            return null;
        var type = fields.Text("rope_type") ?? fields.Text("type") ?? "default";
        if (type == "default")
            return null;
        if (type != "llama3")
            throw fields.Bad("rope_type", $"is '{type}', which is not supported (supported: default, llama3)");
        var scaling = new RopeScaling(
            fields.Positive("factor"),
            fields.Positive("low_freq_factor"),
            fields.Positive("high_freq_factor"),
            fields.Int("original_max_position_embeddings", 1));
        return scaling.HighFreqFactor > scaling.LowFreqFactor
            ? scaling
            : throw fields.Bad("high_freq_factor", $"must be above low_freq_factor ({scaling.LowFreqFactor}), is {scaling.HighFreqFactor}");
    }

    internal JsonObject ToJson() => new()
    {
        ["factor"] = Factor,
        ["high_freq_factor"] = HighFreqFactor,
        ["low_freq_factor"] = LowFreqFactor,
        ["original_max_position_embeddings"] = OriginalMaxPositionEmbeddings,
        ["rope_type"] = "llama3",
    };

    internal double Scale(double inverseFrequency)
    {
        var turns = OriginalMaxPositionEmbeddings * inverseFrequency / (2 * Math.PI); // over the original context
        if (turns > HighFreqFactor)
            return inverseFrequency;
        if (turns < LowFreqFactor)
            return inverseFrequency / Factor;
        var keep = (turns - LowFreqFactor) / (HighFreqFactor - LowFreqFactor);
        return (1 - keep) * inverseFrequency / Factor + keep * inverseFrequency;
    }
}
