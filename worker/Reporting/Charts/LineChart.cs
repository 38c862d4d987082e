namespace LightReasoner.Worker.Reporting.Charts;

/// <param name="Points">Its points, by ascending x.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Lines over steps, or points. A long noisy line is drawn pale, with its running mean over it.</summary>
internal static class LineChart
{
    /// <summary>More points than a screen has columns add bytes, not sight: of each bucket the lowest and the highest stay.</summary>
    private const int MaxPoints = 400;

    private const int SmoothFrom = 60, Colours = 6;

    public static Html Draw(string title, string xName, string yName, IReadOnlyList<Series> lines, Html note = default,
        bool smooth = false, bool whole = true, bool points = false)
    {
        // A line keeps its colour where another one is empty.
        (Series Line, int Colour)[] drawn = [.. lines.Select((line, i) => (line, i % Colours + 1))
            .Where(line => line.line.Points.Count > 0)];
        if (drawn.Length == 0) return Html.Empty;
        lines = [.. drawn.Select(one => one.Line)];
        (double X, double Y)[] all = [.. lines.SelectMany(line => line.Points)];
        double low = all.Min(p => p.Y), high = all.Max(p => p.Y);
        var x = new Scale(all.Min(p => p.X), all.Max(p => p.X), Frame.Left, Frame.Width - Frame.Right, whole: whole, exact: true);
        var y = new Scale(low >= 0 && low < high / 2 ? 0 : low, high, Frame.Height - Frame.Bottom, Frame.Top, ticks: 4);
        var content = Html.Join(drawn.Select(one => points ? Dots(one.Line, one.Colour, x, y)
            : Line(one.Line, one.Colour, x, y, smooth && one.Line.Points.Count >= SmoothFrom)));
        var keys = drawn.Select(one => Html.Of($"""<span class="key c{one.Colour}">{one.Line.Name}</span>"""));
        var legend = lines.Count == 1 ? Html.Empty : Html.Of($"""<p class="legend">{keys}</p>""");
        var courses = lines.Select(line => $"{line.Name} from {line.Points[0].Y:G4} to {line.Points[^1].Y:G4}");
        var description = $"{title}: {string.Join("; ", courses)}";
        return Frame.Figure(title, $"{legend}{Frame.Svg(description, x, y, xName, yName, content)}", note);
    }

    private static Html Line(Series line, int colour, Scale x, Scale y, bool smooth)
    {
        var points = Thin(line.Points);
        if (points.Count == 1) return Dots(line, colour, x, y);
        var path = Html.Of($"""<polyline class="line c{colour}{(smooth ? " pale" : "")}" points="{Coordinates(points)}"/>""");
        if (smooth) path = $"""{path}<polyline class="line c{colour}" points="{Coordinates(Thin(Means(line.Points)))}"/>""";
        return points.Count > 150 ? path : Html.Of($"{path}{points.Select(p => Dot(line, p, x, y, "hit", 7))}");

        string Coordinates(IEnumerable<(double X, double Y)> all) =>
            string.Join(' ', all.Select(p => $"{x.At(p.X):0.#},{y.At(p.Y):0.#}"));
    }

    private static Html Dots(Series line, int colour, Scale x, Scale y) =>
        Html.Join(line.Points.Select(p => Dot(line, p, x, y, $"dot c{colour}", 6)));

    private static Html Dot(Series line, (double X, double Y) p, Scale x, Scale y, string kind, int radius) => Html.Of($"""
        <circle class="{kind}" cx="{x.At(p.X):0.#}" cy="{y.At(p.Y):0.#}" r="{radius}">
        <title>{line.Name} at {p.X:#,0.##}: {p.Y:G6}</title></circle>
        """);

    private static (double X, double Y)[] Means(IReadOnlyList<(double X, double Y)> points)
    {
        var reach = Math.Max(3, points.Count / 40);
        return [.. points.Select((p, i) =>
        {
            int from = Math.Max(0, i - reach), to = Math.Min(points.Count - 1, i + reach);
            return (p.X, Enumerable.Range(from, to - from + 1).Average(j => points[j].Y));
        })];
    }

    private static IReadOnlyList<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count <= MaxPoints) return points;
        var bucket = (points.Count + MaxPoints / 2 - 1) / (MaxPoints / 2);
        return [.. points.Chunk(bucket).SelectMany(part => ((double X, double Y)[])[part.MinBy(p => p.Y), part.MaxBy(p => p.Y)])
            .DistinctBy(p => p.X).OrderBy(p => p.X)];
    }
}
