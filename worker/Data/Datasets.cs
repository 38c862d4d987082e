namespace LightReasoner.Worker.Data;

/// <summary>One question of a dataset.</summary>
/// <param name="Id">What identifies the question in samples.</param>
internal sealed record Question(int Index, string Id, string Text, string? Answer = null, string Place = "")
{
    /// <summary>Where the question stands, or else which one it is.</summary>
    internal string Where => Place.Length > 0 ? Place : $"question {Index + 1}";
}

/// <summary>A prompt with its response.</summary>
/// <param name="Prompt">Text, or a list of chat messages with <c>role</c> and <c>content</c>.</param>
internal sealed record PromptResponse(int Index, JsonNode Prompt, string Response, string Place = "");

/// <summary>Typed records of the three kinds of dataset. Dispose of the lists: large ones lie in a temporary file.</summary>
internal static class Datasets
{
    /// <summary>The questions of one shard (record i belongs to shard i mod <paramref name="shards"/>), in order.</summary>
    public static async Task<SpooledList<Question>> QuestionsAsync(
        string uri, RecordFormat? format, string questionField, string? idField, string? answerField, int? maxQuestions,
        int shard, int shards, CancellationToken cancellation)
    {
        var questions = new SpooledList<Question>();
        var any = false;
        await foreach (var record in RecordReader.ReadAsync(uri, format, cancellation))
        {
            if (record.Index >= maxQuestions) break;
            any = true;
            if (record.Index % shards != shard) continue;
            var text = record.Text(questionField);
            var id = idField is not null && record.Fields[idField] is not null ? record.Text(idField) : text;
            questions.Add(new Question(record.Index, id, text, answerField is null ? null : record.Text(answerField), record.Place));
        }
        return any ? questions : throw Nothing(uri, "questions");
    }

    /// <summary>Contrastive samples, as we or the published program wrote them.</summary>
    public static async Task<SpooledList<ContrastiveSample>> SamplesAsync(string uri, RecordFormat? format, CancellationToken cancellation)
    {
        var samples = new SpooledList<ContrastiveSample>();
        await foreach (var record in RecordReader.ReadAsync(uri, format, cancellation))
        {
            ContrastiveSample sample;
            try
            {
                sample = record.Fields.Deserialize<ContrastiveSample>(ContrastiveSample.Json)! with { Place = record.Place };
            }
            catch (JsonException e)
            {
                var field = (e.Path ?? "").TrimStart('$', '.');
                throw new WorkerException(ExitCode.BadData,
                    $"{record.Place}: {(field.Length > 0 ? $"{field} has the wrong form for a contrastive sample" : e.Message)}", e);
            }
            if (sample.Tokens.Contains(null!)) throw record.Bad("tokens", "must be texts, has null");
            if (sample.TokenIds.Length == 0 || sample.TokenIds.Length != sample.Weights.Length)
                throw record.Bad("token_ids and weights must be of the same length and not empty, have "
                    + $"{sample.TokenIds.Length} and {sample.Weights.Length}");
            if (sample.Weights.Any(w => !double.IsFinite(w) || w < 0) || sample.Weights.Sum() == 0)
                throw record.Bad("weights must be finite and not negative, and not all 0");
            if (sample.PrefixIds is null && sample.Prefix.Length == 0)
                throw record.Bad("needs prefix_ids or prefix");
            samples.Add(sample);
        }
        return samples.Count > 0 ? samples : throw Nothing(uri, "samples; nothing can be learnt from it (is beta too high?)");
    }

    public static async Task<SpooledList<PromptResponse>> PromptResponsesAsync(
        string uri, RecordFormat? format, string promptField, string responseField, CancellationToken cancellation)
    {
        var records = new SpooledList<PromptResponse>();
        await foreach (var record in RecordReader.ReadAsync(uri, format, cancellation))
            records.Add(new PromptResponse(record.Index, ChatMessages.Prompt(record, promptField),
                ChatMessages.Response(record, responseField), record.Place));
        return records.Count > 0 ? records : throw Nothing(uri, "records");
    }

    private static WorkerException Nothing(string uri, string what) => new(ExitCode.BadData, $"{uri}: holds no {what}");
}
