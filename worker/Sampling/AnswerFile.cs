using System.Text;
using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// The answers of a chunk as JSONL, one line a question, so that another run can score them again: <c>index</c> (of the record),
/// <c>question</c>, <c>ids</c>.
/// </summary>
internal static class AnswerFile
{
    private sealed record Line(int Index, string Question, int[] Ids);

    /// <summary>Content of the file.</summary>
    public static string Write(IEnumerable<(Question Question, ChunkAnswer Answer)> answers)
    {
        var text = new StringBuilder();
        foreach (var (question, answer) in answers)
            text.Append(JsonSerializer.Serialize(new Line(question.Index, question.Text, answer.Ids), ApiJson.Options)).Append('\n');
        return text.ToString();
    }

    /// <summary>All answers below a run's output; looked up by question, each read when it is asked for.</summary>
    public static async Task<Func<Question, int[]>> ReadAsync(string uri, CancellationToken cancellation)
    {
        var lines = new SpooledList<Line>(
            (writer, line) =>
            {
                writer.Write(line.Index);
                writer.Write(line.Question);
                writer.WriteArray(line.Ids);
            },
            reader => new Line(reader.ReadInt32(), reader.ReadString(), reader.ReadArray<int>()));
        var places = new Dictionary<int, int>();
        await foreach (DataRecord record in RecordReader.ReadAsync(uri, RecordFormat.Jsonl, cancellation))
        {
            Line line = record.Fields.Deserialize<Line>(ApiJson.Options) is { Ids: not null } read ? read : throw new WorkerException(ExitCode.BadData, $"{record.Place}: is no answer");
            places[line.Index] = lines.Count;
            lines.Add(line);
        }
        return question => places.TryGetValue(question.Index, out int place) && lines[place] is var line && line.Question == question.Text
            ? line.Ids
            : throw new WorkerException(ExitCode.BadData, $"{uri}: has no answer to record {question.Index + 1} of the dataset ('{Shorten(question.Text)}'); spec.answers needs a run over the same dataset");
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
