namespace LightReasoner.Worker.Training;

/// <summary>Divides rows of unequal lengths into forward passes with little padding.</summary>
internal static class LengthGroups
{
    // Below this a pass costs about the same however few tokens it has.
    private const int MinTokens = 512;

    /// <summary>
    /// Groups of rows of similar length, longest first; padding stays below an eighth of a group unless the group is small.
    /// </summary>
    public static IEnumerable<T[]> Of<T>(IEnumerable<T> rows, Func<T, int> length)
    {
        var group = new List<T>();
        long real = 0;
        foreach (var row in rows.OrderByDescending(length))
        {
            if (group.Count > 0)
            {
                var padded = (group.Count + 1) * (long)length(group[0]);
                if (padded - real - length(row) > padded / 8 && group.Count * (long)length(group[0]) >= MinTokens)
                {
                    yield return [.. group];
                    group.Clear();
                    real = 0;
                }
            }
            group.Add(row);
            real += length(row);
        }
        if (group.Count > 0)
            yield return [.. group];
    }
}
