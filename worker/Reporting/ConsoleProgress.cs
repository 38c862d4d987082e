namespace LightReasoner.Worker.Reporting;

internal enum ProgressStyle
{
    Bar, // drawn over: for a terminal
    Lines, // a plain line every few seconds: for a pod's log
    Json, // an object a line: for programs
    Quiet, // nothing; errors go to standard error as ever
}

/// <summary>Progress for people (or, with <see cref="ProgressStyle.Json"/>, for programs) on standard output.</summary>
internal sealed class ConsoleProgress(
    TextWriter output, ProgressStyle style, TimeProvider time, bool colour = false, Func<int>? width = null)
{
    /// <summary>Most cells of a bar, columns of the terminal for each, and how many there are at least (fewer say nothing).</summary>
    private const int MostCells = 24, ColumnsPerCell = 8, LeastCells = 6;

    /// <summary>A shorter beginning of the figures is not worth its columns.</summary>
    private const int LeastFigures = 12;

    private readonly TimeSpan _interval = style switch
    {
        ProgressStyle.Bar => TimeSpan.FromMilliseconds(100),
        ProgressStyle.Json => TimeSpan.FromSeconds(1),
        _ => TimeSpan.FromSeconds(5),
    };

    private long? _shown;
    private string? _what;
    private bool _drawn;

    /// <summary>The style that suits standard output, unless an option asks for one.</summary>
    public static ConsoleProgress ForStandardOutput(bool quiet, bool json)
    {
        var terminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        var colour = terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var style = quiet ? ProgressStyle.Quiet : json ? ProgressStyle.Json : terminal ? ProgressStyle.Bar : ProgressStyle.Lines;
        return new ConsoleProgress(Console.Out, style, TimeProvider.System, colour, () => Console.WindowWidth);
    }

    public void Say(string text)
    {
        if (style == ProgressStyle.Quiet) return;
        EndLine();
        if (style == ProgressStyle.Json) Write(new JsonObject { ["message"] = text });
        else output.WriteLine(Redactor.OfProcess.Redact(text));
    }

    /// <summary>The last word: for programs the whole last report with its outcome and figures, for people a sentence.</summary>
    public void Finish(ProgressReport report, string? text)
    {
        if (style == ProgressStyle.Json) Write(JsonSerializer.SerializeToNode(report, ApiJson.Options)!);
        else if (text is not null) Say(text);
    }

    /// <summary>For programs, that it came to no run; people read it on standard error.</summary>
    public void Fail(string message)
    {
        if (style == ProgressStyle.Json) Write(new JsonObject { ["outcome"] = "failed", ["message"] = message });
    }

    /// <summary>A line for programs, with the time.</summary>
    private void Write(JsonNode what)
    {
        var line = Redactor.OfProcess.Redact(what)!.AsObject();
        MetricsLog.Stamp(line, time);
        output.WriteLine(line.ToJsonString(ApiJson.Options));
    }

    public void Show(string what, ProgressReport report, string figures)
    {
        bool last = report.Done >= report.Total, another = what != _what;
        if (style == ProgressStyle.Quiet || (!last && !another && _shown is { } before && time.GetElapsedTime(before) < _interval)) return;
        if (another) EndLine();
        (_what, _shown) = (what, time.GetTimestamp());
        switch (style)
        {
            case ProgressStyle.Json:
                var line = JsonSerializer.SerializeToNode(report, ApiJson.Options)!.AsObject();
                line.Insert(0, "doing", what);
                Write(line);
                break;
            case ProgressStyle.Lines:
                output.WriteLine($"{what} {Counts(report)}{Rate(report)}{Left(report)}{(figures.Length > 0 ? "  " : "")}{figures}");
                break;
            default:
                output.Write(Drawn(what, report, figures));
                _drawn = true;
                break;
        }
    }

    /// <summary>Ends the line that a bar stands on, so that something else (an error, say) can be written.</summary>
    public void EndLine()
    {
        if (_drawn) output.WriteLine();
        _drawn = false;
    }

    /// <summary>One line that fits the terminal: figures are left out first, then counts, rate and the bar; the share stays.</summary>
    private string Drawn(string what, ProgressReport report, string figures)
    {
        int columns = Math.Max(2, width?.Invoke() ?? 80), room = columns - 1; // a full last column would wrap
        var wanted = columns / ColumnsPerCell is var fitting and >= LeastCells ? Math.Min(MostCells, fitting) : 0;
        string head = what + " ", share = Percent(report), rate = Rate(report), left = Left(report);
        string[] texts = [Counts(report) + rate + left, share + rate + left, share + left, share];
        var (cells, words) = ((int[])[wanted, 0]).SelectMany(_ => texts, (cells, text) => (cells, text))
            .FirstOrDefault(layout => Length(layout.cells, layout.text) <= room);
        if (words is null) return "\r" + share[..Math.Min(room, share.Length)] + "\u001b[K";
        var rest = room - Length(cells, words) - 2;
        if (figures.Length > 0 && rest >= Math.Min(figures.Length, LeastFigures))
            words += "  " + (figures.Length <= rest ? figures : figures[..(rest - 1)] + "…");
        return "\r" + head + Bar(cells, Share(report)) + words + "\u001b[K";

        int Length(int cells, string text) => head.Length + (cells > 0 ? cells + 1 : 0) + text.Length;
    }

    private string Bar(int cells, double share)
    {
        int halves = (int)(share * cells * 2), full = halves / 2, half = halves % 2;
        string done = new string('━', full) + (half == 1 ? "╸" : ""), open = new(colour ? '━' : '·', cells - full - half);
        return cells == 0 ? "" : (colour ? $"\u001b[32m{done}\u001b[90m{open}\u001b[0m" : done + open) + " ";
    }

    private static double Share(ProgressReport report) => report.Total == 0 ? 1 : Math.Clamp((double)report.Done / report.Total, 0, 1);

    private static string Counts(ProgressReport report) => $"{report.Done}/{report.Total} {report.Unit} ({Percent(report)})";

    /// <summary>Rounded down: 100 % is the end alone.</summary>
    private static string Percent(ProgressReport report) => $"{(int)(100 * Share(report))}%";

    /// <summary>The rate, as soon as there is one; of slow work, the time that one of its units takes.</summary>
    private static string Rate(ProgressReport report) => report.RatePerSecond switch
    {
        >= 0.1 and var rate => $", {rate:0.##}/s",
        > 0 and var rate => $", {Duration(TimeSpan.FromSeconds(1 / rate))} each",
        _ => "",
    };

    private static string Left(ProgressReport report) => report.RatePerSecond is { } rate and > 0 && report.Done < report.Total
        ? $", {Duration(TimeSpan.FromSeconds(Math.Min(3e6, (report.Total - report.Done) / rate)))} left" : "";

    /// <summary>A duration in its two largest units: <c>2 h 5 min</c>.</summary>
    internal static string Duration(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => $"{span.Days} d {span.Hours} h",
        { TotalHours: >= 1 } => $"{span.Hours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } => $"{span.Minutes} min {span.Seconds} s",
        _ => $"{(int)Math.Ceiling(span.TotalSeconds)} s",
    };
}
