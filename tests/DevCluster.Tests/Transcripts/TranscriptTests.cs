using System.Collections.Concurrent;
using System.Text;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>
/// Replays the recordings of a real API server. TRANSCRIPTS_DIR names another folder of cases, TRANSCRIPT_CASE a part of a case's name.
/// </summary>
public sealed class TranscriptTests(ITestOutputHelper output)
{
    private const int Parallel = 8;

    [Fact]
    public async Task Transcript_EveryRecordedCase_IsAnsweredAsRecorded()
    {
        var folder = Environment.GetEnvironmentVariable("TRANSCRIPTS_DIR") is { Length: > 0 } given ? given
            : SharedFolder.Of("apiserver/cases");
        var only = Environment.GetEnvironmentVariable("TRANSCRIPT_CASE");
        var cases = Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "index.json")
            .Select(TranscriptCase.Load).Where(c => !LeftOut.Cases.Contains(c.Name))
                .Where(c => string.IsNullOrEmpty(only) || c.Name.Contains(only, StringComparison.Ordinal))
            .OrderBy(c => c.Area, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal).ToList();
        var fixtures = SharedFolder.Of("apiserver/fixtures");
        var failures = new ConcurrentDictionary<string, string>();
        await using var server = await DevServer.Start(workloads: true);
        using var client = server.BareClient();

        foreach (var test in cases.Where(c => c.Alone))
            await Run(test);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            cases.Where(c => !c.Alone).OrderByDescending(c => c.Area == "job"), new ParallelOptions { MaxDegreeOfParallelism = Parallel },
                async (test, _) => await Run(test));

        Report(cases, failures);
        var unexpected = failures.Keys.Order(StringComparer.Ordinal).ToList();
        Assert.True(unexpected.Count == 0,
            $"{unexpected.Count} recorded cases are not answered as "
            + $"recorded:\n{string.Join("\n", unexpected.Select(u => $"{u}: {failures[u]}"))}");

        async Task Run(TranscriptCase test)
        {
            using var replay = new Replay(client, server.Api.AdminToken, test, fixtures);
            try
            {
                await replay.Run();
            }
            catch (Exception e)
            {
                failures[test.Name] = e is TranscriptException ? e.Message : e.ToString();
            }

            await replay.CleanUp();
        }
    }

    [Fact]
    public void Transcript_WhatIsLeftOut_IsListedInTheReadme()
    {
        var readme = string.Join(' ', File.ReadAllText(RepositoryFolder.Of("devcluster", "README.md"))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)); // names may be broken over lines
        Assert.All(LeftOut.Names, name => Assert.Contains(name, readme));
    }

    private void Report(List<TranscriptCase> cases, ConcurrentDictionary<string, string> failures)
    {
        var report = new StringBuilder();
        foreach (var area in cases.GroupBy(c => c.Area))
            report.AppendLine($"{area.Key,-10} {area.Count(c => !failures.ContainsKey(c.Name)),4} of {area.Count()}");
        report.AppendLine($"{"all",-10} {cases.Count - failures.Count,4} of {cases.Count}");
        foreach (var (name, problem) in failures.OrderBy(f => f.Key, StringComparer.Ordinal))
            report.AppendLine($"- {name}: {problem}");
        output.WriteLine(report.ToString());
        if (Environment.GetEnvironmentVariable("TRANSCRIPT_REPORT") is { Length: > 0 } file)
            File.WriteAllText(file, report.ToString());
    }
}
