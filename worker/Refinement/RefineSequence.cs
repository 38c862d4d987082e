using System.Text.Json.Serialization;

namespace LightReasoner.Worker.Refinement;

/// <summary>A prompt, its response and the EOS tail as one sequence of tokens.</summary>
internal sealed record RefineSequence(int[] Ids, int ResponseStart)
{
    /// <summary>Tokens of the response (EOS tail included) that some earlier token can predict.</summary>
    [JsonIgnore]
    public int Targets => Ids.Length - Math.Max(1, ResponseStart);

    /// <summary>Whether maxLength cut it.</summary>
    public bool Cut { get; init; }

    /// <summary>
    /// Puts a sequence together: the response is followed by one EOS, which counts as content for truncation, and then by more of them
    /// until the tail is complete or the sequence full.
    /// </summary>
    /// <exception cref="InvalidDataException">The sequence is too long and <paramref name="truncation"/> is error.</exception>
    public static RefineSequence Build(int[] prompt, int[] response, int eos, EosTail tail, int maxLength, Truncation truncation,
        string place = "")
    {
        int[] content = [.. prompt, .. response, eos];
        if (content.Length > maxLength)
        {
            return truncation switch
            {
                Truncation.Right => new RefineSequence(content[..maxLength], Math.Min(prompt.Length, maxLength)) { Cut = true },
                Truncation.Left => new RefineSequence(content[^maxLength..],
                    Math.Max(0, prompt.Length - (content.Length - maxLength)))
                { Cut = true },
                _ => throw new InvalidDataException(
                    $"{(place.Length > 0 ? place + ": " : "")}prompt and response have {content.Length} tokens with EOS, more than "
                        + $"maxLength ({maxLength}); truncation: right or left would cut them"),
            };
        }
        var length = tail.Length is { } n ? (int)Math.Min(content.Length + (long)n - 1, maxLength) : maxLength;
        var ids = new int[length];
        content.CopyTo(ids, 0);
        Array.Fill(ids, eos, content.Length, length - content.Length);
        return new RefineSequence(ids, prompt.Length);
    }
}
