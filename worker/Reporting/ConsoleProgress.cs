using System.Diagnostics;
using Spectre.Console;

namespace LightReasoner.Worker.Reporting;

/// <summary>Progress for people: a line that is drawn over on a terminal, one plain line every few seconds elsewhere (a pod's log).</summary>
public sealed class ConsoleProgress(IAnsiConsole console, bool quiet)
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5), TerminalInterval = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _running = Stopwatch.StartNew();
    private TimeSpan _shown = -PlainInterval;
    private bool _drawn;

    private bool IsTerminal => console.Profile.Capabilities.Interactive && console.Profile.Capabilities.Ansi && !Console.IsOutputRedirected;

    /// <summary>A sentence of its own.</summary>
    public void Say(string text)
    {
        if (quiet) return;
        EndLine();
        console.WriteLine(text);
    }

    /// <summary>How far the work is.</summary>
    /// <param name="what">What goes on, such as <c>sampling</c>.</param>
    /// <param name="done">Units done.</param>
    /// <param name="total">Units in all.</param>
    /// <param name="unit">Name of the unit.</param>
    /// <param name="figures">Figures of the moment.</param>
    public void Show(string what, long done, long total, string unit, string figures)
    {
        bool last = done >= total;
        if (quiet || (!last && _running.Elapsed - _shown < (IsTerminal ? TerminalInterval : PlainInterval))) return;
        _shown = _running.Elapsed;
        double share = total == 0 ? 1 : (double)done / total;
        string text = FormattableString.Invariant($"{what} {done}/{total} {unit} ({share:P0})  {figures}").Replace(" %", "%");
        if (!IsTerminal)
        {
            console.Profile.Out.Writer.WriteLine(text);
            return;
        }
        int filled = (int)(share * 24);
        console.Profile.Out.Writer.Write($"\r[{new string('#', filled)}{new string('.', 24 - filled)}] {text}\u001b[K");
        _drawn = true;
        if (last) EndLine();
    }

    private void EndLine()
    {
        if (_drawn) console.Profile.Out.Writer.WriteLine();
        _drawn = false;
    }
}
