using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Evaluation;

namespace LightReasoner.Worker.Data;

/// <summary>LightReasoner's question files, made from data sets as published, with the bytes of the published preparation script.</summary>
internal static class QuestionFiles
{
    /// <summary>GSM8K: <c>question</c> and <c>answer</c>, with the question as id.</summary>
    public static string Gsm8k(DataRecord record)
    {
        var question = record.Text("question");
        return Line([("id", question), ("question", question), ("answer", record.Text("answer"))]);
    }

    /// <summary>
    /// MATH: <c>problem</c> and <c>solution</c>, with the problem as id. <c>level</c> holds the subject's folder name, as the published
    /// script has it, from the record's <c>type</c> or else from the folder that the file is in.
    /// </summary>
    public static string Math(DataRecord record)
    {
        var problem = record.Text("problem");
        var subject = record.Fields["type"] is not null ? record.Text("type").ToLowerInvariant()
            .Replace("&", "and", StringComparison.Ordinal).Replace(' ', '_')
            : Path.GetFileName(Path.GetDirectoryName(record.Place)) is { Length: > 0 } folder ? folder
            : throw new WorkerException(ExitCode.BadData,
                $"{record.Place}: field 'type' is missing, and there is no folder that names the subject");
        return Line([("id", problem), ("problem", problem), ("solution", record.Text("solution")), ("level", subject)]);
    }

    /// <summary>Any other benchmark: the question as it is asked, with the right answer.</summary>
    public static string Answered(BenchmarkProblem problem) =>
        Line([("id", problem.Question), ("question", problem.Question), ("answer", problem.Truth)]);

    /// <summary>For refinement: the question as <c>prompt</c>, the worked solution as <c>target</c>.</summary>
    public static string Refinement(DataRecord record)
    {
        var math = record.Fields["problem"] is not null;
        return Line([("prompt", record.Text(math ? "problem" : "question")), ("target", record.Text(math ? "solution" : "answer"))]);
    }

    /// <summary>The records of files as the data sets come: JSONL, Parquet, or (MATH's own) one JSON object a file.</summary>
    public static async IAsyncEnumerable<DataRecord> ReadAsync(
        string uri, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var index = 0;
        foreach (var file in await DataFile.FindAsync(uri, cancellation))
        {
            var records = Path.GetExtension(file.Name).Equals(".json", StringComparison.OrdinalIgnoreCase)
                ? ObjectAsync(file, cancellation) : RecordReader.ReadAsync(file, null, cancellation);
            await foreach (var (fields, place) in records) yield return new DataRecord(index++, fields, place);
        }
    }

    private static async IAsyncEnumerable<(JsonObject Fields, string Place)> ObjectAsync(
        DataFile file, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return await file.Store.GetAsync(file.Name, cancellation) is { } content
            ? (JsonFile.Parse(content.Bytes, file.Uri), file.Uri)
            : throw new FileNotFoundException($"{file.Uri}: there is no such file", file.Name);
    }

    /// <summary>As Python's <c>json.dump</c> writes it: a space after colons and commas, and nothing but ASCII.</summary>
    private static string Line(IEnumerable<(string Name, string Value)> fields) =>
        $"{{{string.Join(", ", fields.Select(field => $"\"{field.Name}\": \"{string.Concat(field.Value.Select(Escaped))}\""))}}}\n";

    private static string Escaped(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' or > '~' and not '\u007f' => $"\\u{(int)c:x4}",
        _ => $"{c}",
    };
}
