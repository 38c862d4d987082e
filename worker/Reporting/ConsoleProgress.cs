using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Worker.Reporting;

/// <summary>How progress is shown.</summary>
public enum ProgressStyle
{
    /// <summary>A bar that is drawn over: for a terminal.</summary>
    Bar,

    /// <summary>A plain line every few seconds: for a pod's log.</summary>
    Lines,

    /// <summary>A JSON object a line: for programs.</summary>
    Json,

    /// <summary>Nothing; errors go to standard error as ever.</summary>
    Quiet,
}

/// <summary>Progress for people (or, with <see cref="ProgressStyle.Json"/>, for programs) on standard output.</summary>
/// <param name="output">Takes the text.</param>
/// <param name="style">How it is shown.</param>
/// <param name="time">The clock.</param>
/// <param name="colour">Whether a bar has colours.</param>
/// <param name="width">Columns of the terminal.</param>
public sealed class ConsoleProgress(TextWriter output, ProgressStyle style, TimeProvider time, bool colour = false, Func<int>? width = null)
{
    private const int BarCells = 24;

    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5), BarInterval = TimeSpan.FromMilliseconds(100), JsonInterval = TimeSpan.FromSeconds(1);

    private long? _shown;
    private bool _drawn;

    /// <summary>The style that suits standard output, unless an option asks for one.</summary>
    public static ConsoleProgress ForStandardOutput(bool quiet, bool json)
    {
        bool terminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        bool colour = terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        ProgressStyle style = quiet ? ProgressStyle.Quiet : json ? ProgressStyle.Json : terminal ? ProgressStyle.Bar : ProgressStyle.Lines;
        return new ConsoleProgress(Console.Out, style, TimeProvider.System, colour, () => Console.WindowWidth);
    }

    /// <summary>A sentence of its own.</summary>
    public void Say(string text)
    {
        if (style == ProgressStyle.Quiet) return;
        EndLine();
        output.WriteLine(style == ProgressStyle.Json ? new JsonObject { ["message"] = text }.ToJsonString(ApiJson.Options) : text);
    }

    /// <summary>How far the work is.</summary>
    /// <param name="what">What goes on, such as <c>sampling</c>.</param>
    /// <param name="report">How far it is, and how fast.</param>
    /// <param name="figures">Figures of the moment.</param>
    public void Show(string what, ProgressReport report, string figures)
    {
        bool last = report.Done >= report.Total;
        TimeSpan interval = style switch
        {
            ProgressStyle.Bar => BarInterval,
            ProgressStyle.Json => JsonInterval,
            _ => LineInterval,
        };
        if (style == ProgressStyle.Quiet || (!last && _shown is { } before && time.GetElapsedTime(before) < interval)) return;
        _shown = time.GetTimestamp();
        switch (style)
        {
            case ProgressStyle.Json:
                JsonObject line = JsonSerializer.SerializeToNode(report, ApiJson.Options)!.AsObject();
                line.Insert(0, "doing", what);
                output.WriteLine(line.ToJsonString(ApiJson.Options));
                break;
            case ProgressStyle.Lines:
                output.WriteLine($"{what} {Counts(report)}{Pace(report)}  {figures}");
                break;
            default:
                output.Write(Drawn(what, report, figures));
                _drawn = true;
                if (last) EndLine();
                break;
        }
    }

    private string Drawn(string what, ProgressReport report, string figures)
    {
        string text = $" {Counts(report)}{Pace(report)}  {figures}";
        int room = Math.Max(20, width?.Invoke() ?? 80) - 1 - what.Length - 1 - BarCells; // a full last column would wrap
        if (text.Length > room) text = room > 1 ? text[..(room - 1)] + "…" : "";
        int filled = (int)(Share(report) * BarCells);
        var line = new StringBuilder("\r").Append(what).Append(' ');
        if (colour) line.Append("\u001b[32m");
        line.Append('━', filled);
        if (colour) line.Append("\u001b[90m");
        line.Append(colour ? '━' : '·', BarCells - filled);
        if (colour) line.Append("\u001b[0m");
        return line.Append(text).Append("\u001b[K").ToString();
    }

    private static double Share(ProgressReport report) => report.Total == 0 ? 1 : Math.Clamp((double)report.Done / report.Total, 0, 1);

    private static string Counts(ProgressReport report) =>
        string.Create(CultureInfo.InvariantCulture, $"{report.Done}/{report.Total} {report.Unit} ({100 * Share(report):0}%)");

    /// <summary>Rate and time left, as soon as there is a rate.</summary>
    private static string Pace(ProgressReport report)
    {
        if (report.RatePerSecond is not { } rate || rate <= 0) return "";
        string left = report.Done < report.Total ? $", {Duration(TimeSpan.FromSeconds(Math.Min(3e6, (report.Total - report.Done) / rate)))} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $", {rate:0.##}/s{left}");
    }

    /// <summary>A duration in its two largest units: <c>2 h 5 min</c>.</summary>
    internal static string Duration(TimeSpan span) => span switch
    {
        { TotalDays: >= 1 } => $"{span.Days} d {span.Hours} h",
        { TotalHours: >= 1 } => $"{span.Hours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } => $"{span.Minutes} min {span.Seconds} s",
        _ => $"{(int)Math.Ceiling(span.TotalSeconds)} s",
    };

    private void EndLine()
    {
        if (_drawn) output.WriteLine();
        _drawn = false;
    }
}
