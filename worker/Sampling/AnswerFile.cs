using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Sampling;

/// <summary>An answer as it is written; <c>Index</c> is the position of the question's record in the dataset.</summary>
internal sealed record AnswerLine(int Index, string Question, int[] Ids, int[]? PromptIds = null);

/// <summary>
/// The answers of a chunk as JSONL, one line a question, so that another run can score them again or learn them: <c>index</c> (of the
/// record), <c>question</c>, <c>ids</c>, <c>promptIds</c>.
/// </summary>
internal static class AnswerFile
{
    public static string Write(IEnumerable<(Question Question, ChunkAnswer Answer)> answers)
    {
        var text = new StringBuilder();
        foreach (var (question, answer) in answers)
            text.Append(JsonSerializer.Serialize(new AnswerLine(question.Index, question.Text, answer.Ids, answer.PromptIds),
                ApiJson.Options)).Append('\n');
        return text.ToString();
    }

    public static async IAsyncEnumerable<AnswerLine> LinesAsync(string uri,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var record in RecordReader.ReadAsync(uri, RecordFormat.Jsonl, cancellation))
            yield return record.Fields.Deserialize<AnswerLine>(ApiJson.Options) is { Ids: not null } line ? line
                : throw new WorkerException(ExitCode.BadData, $"{record.Place}: is no answer");
    }

    /// <summary>All answers below a run's output; looked up by question, each read when it is asked for.</summary>
    public static async Task<Func<Question, int[]>> ReadAsync(string uri, CancellationToken cancellation)
    {
        var lines = new SpooledList<AnswerLine>();
        var places = new Dictionary<int, int>();
        await foreach (var line in LinesAsync(uri, cancellation))
        {
            places[line.Index] = lines.Count;
            lines.Add(line with { PromptIds = null });
        }
        return question => places.TryGetValue(question.Index, out var place) && lines[place] is var line && line.Question == question.Text
            ? line.Ids
            : throw new WorkerException(ExitCode.BadData,
                $"{uri}: has no answer to record {question.Index + 1} of the dataset ('{DataRecord.Shorten(question.Text)}'); spec.answers "
                + "needs a run "
                + "over the same dataset");
    }
}
