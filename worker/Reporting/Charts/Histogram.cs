namespace LightReasoner.Worker.Reporting.Charts;

/// <summary>Counts by bins, with a line where a threshold lies.</summary>
internal static class Histogram
{
    private const int MaxBars = 48;

    /// <param name="binWidth">Width of a bin: number i begins at i · width. 1 for whole numbers.</param>
    public static Html Draw(string title, string xName, string yName, IReadOnlyDictionary<int, long> counts, double binWidth = 1,
        (double Value, string Label)? threshold = null, Html note = default)
    {
        if (counts.Count == 0) return Html.Empty;
        var whole = binWidth == 1;
        int first = threshold is null ? counts.Keys.Min() : Math.Min(counts.Keys.Min(), (int)(threshold.Value.Value / binWidth)),
            last = counts.Keys.Max();
        var group = (last - first) / MaxBars + 1;
        (int Bin, long Count)[] bars = [.. counts.GroupBy(p => (p.Key - first) / group,
            (i, all) => (first + i * group, all.Sum(p => p.Value))).OrderBy(bar => bar.Item1)];
        var shift = whole ? 0.5 : 0; // the bar of a whole number stands around it
        var x = new Scale((first - shift) * binWidth, (bars[^1].Bin + group - shift) * binWidth, Frame.Left, Frame.Width - Frame.Right,
            ticks: 8, whole: whole, exact: true);
        var y = new Scale(0, bars.Max(bar => bar.Count), Frame.Height - Frame.Bottom, Frame.Top, ticks: 4, whole: true);
        var content = Html.Join(bars.Select(bar =>
        {
            double left = x.At((bar.Bin - shift) * binWidth), right = x.At((bar.Bin + group - shift) * binWidth);
            double gap = Math.Min(2, (right - left) * 0.15), width = Math.Min(64, right - left - gap);
            double top = y.At(bar.Count), height = Math.Max(0.5, y.At(0) - top);
            return Html.Of($"""
                <rect class="bar c1" x="{(left + right - width) / 2:0.##}" width="{width:0.##}" y="{top:0.#}" height="{height:0.#}">
                <title>{Range(bar.Bin)}: {bar.Count:N0}</title></rect>
                """);
        }));
        if (threshold is { } mark)
        {
            var at = x.At(mark.Value);
            content = $"""
                {content}
                <line class="threshold" x1="{at:0.#}" x2="{at:0.#}" y1="{Frame.Top}" y2="{Frame.Height - Frame.Bottom}"/>
                <text class="threshold" x="{at + 5:0.#}" y="{Frame.Top + 10}">{mark.Label}</text>
                """;
        }
        var description = $"{title}: {counts.Values.Sum():N0} {yName}, most in {Range(bars.MaxBy(bar => bar.Count).Bin)}";
        return Frame.Figure(title, Frame.Svg(description, x, y, xName, yName, content), note);

        string Range(int bin) => !whole ? $"{bin * binWidth:0.##} to {(bin + group) * binWidth:0.##}"
            : group == 1 ? $"{bin}" : $"{bin} to {bin + group - 1}";
    }
}
