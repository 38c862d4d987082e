using LightReasoner.Api;
using LightReasoner.Worker;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tokenization;
using TorchSharp;

namespace LightReasoner.Bench;

/// <summary>Sampling, greedy decoding and block generation. Lengths as in GSM8K: questions of 60 to 200 tokens, answers of 128.</summary>
internal sealed class InferenceCases : IDisposable
{
    private const int NewTokens = 128;

    private readonly LoadedModel _expert, _amateur;
    private readonly Tokenizer _tokenizer;
    private readonly ReferenceDecoder _publishedExpert, _publishedAmateur;
    private readonly string _folder;
    private readonly Random _random = new(11);

    /// <param name="folder">A folder with the random models; the demo's refined model is put there too.</param>
    public InferenceCases(string folder)
    {
        _folder = folder;
        (_expert, _amateur, _tokenizer) = (Load("expert"), Load("amateur"), Tokenizer.Load(Path.Combine(folder, "expert")));
        (_publishedExpert, _publishedAmateur) = (new ReferenceDecoder(_expert.Model), new ReferenceDecoder(_amateur.Model));
    }

    /// <summary>The cases by name; a case is prepared when it is asked for.</summary>
    public IReadOnlyList<(string Name, Func<BenchCase> Case)> All =>
    [
        ("sampling", Sampling), ("block-512", Blocks), ("converge", Converge),
        ("greedy-1", () => Greedy(1, 1, 1)), ("greedy-16", () => Greedy(16, 4, 8)),
    ];

    public void Dispose()
    {
        _expert.Dispose();
        _amateur.Dispose();
    }

    private LoadedModel Load(string name) => HuggingFaceFolder.Load(Path.Combine(_folder, name), torch.ScalarType.Float32, torch.CPU);

    /// <summary>32 questions; the reference does two of them, since it takes one after the other.</summary>
    private BenchCase Sampling()
    {
        const int questions = 32, measured = 2;
        var prompts = Prompts(questions, () => 60 + _random.Next(140));
        Question[] asked = [.. prompts.Select((ids, i) => new Question(i, $"{i}", string.Concat(ids.Select(id => (char)id))))];
        var spec = new SamplingRunSpec
        {
            Prompt = new PromptSpec { Template = PromptTemplate.None },
            Generation = new GenerationSpec { MaxNewTokens = NewTokens }
        };
        var sampler = new ContrastiveSampler(_expert, _amateur, _tokenizer,
            VocabularyMap.Equal(RandomPair.Vocabulary, RandomPair.Vocabulary), spec, questions);
        return new BenchCase("sampling", 20,
            () => PublishedPrograms.Sample(_publishedExpert, _publishedAmateur, prompts[..measured], NewTokens,
                spec.Selection.Alpha, spec.Selection.Beta),
            () => sampler.Sample(asked).Samples.Select(s =>
                new BenchSample(int.Parse(s.PromptId), s.Step, s.TokenIds, s.Weights, s.KlDivergence)).ToList(),
            Difference)
        { Share = (double)questions / measured };

        static string? Difference(object reference, object worker)
        {
            var (theirs, ours) = ((List<BenchSample>)reference, ((List<BenchSample>)worker).Where(s => s.Prompt < measured).ToList());
            if (theirs.Count != ours.Count || theirs.Count == 0)
                return $"{theirs.Count} steps kept, {ours.Count} by the worker";
            foreach (var (one, other) in theirs.Zip(ours))
            {
                if ((one.Prompt, one.Step) != (other.Prompt, other.Step) || !one.TokenIds.SequenceEqual(other.TokenIds))
                    return $"step {one.Step} of question {one.Prompt}: other tokens";
                if (Math.Abs(one.Kl - other.Kl) > 1e-3 * one.Kl
                    || one.Weights.Zip(other.Weights).Any(w => Math.Abs(w.First - w.Second) > 1e-3))
                    return $"step {one.Step} of question {one.Prompt}: KL {one.Kl} and {other.Kl}";
            }
            return null;
        }
    }

    /// <summary>512 tokens in blocks of 128, two passes each.</summary>
    private BenchCase Blocks()
    {
        var prompt = Prompts(1, () => 128)[0];
        var generator = new BlockGenerator(_expert.Model, RandomPair.Eos, []);
        return new BenchCase("block-512", 3,
            () => (int[][])[PublishedPrograms.Blocks(_publishedExpert, prompt, RandomPair.Eos, 128, 2, 512)],
            () => (int[][])[generator.Generate([prompt], 128, 2, 512, 1)[0].Ids],
            BenchCase.Ids);
    }

    /// <summary>
    /// Blocks until nothing changes against token by token, both by the worker, with a model that was refined: the demo's.
    /// </summary>
    private BenchCase Converge()
    {
        var folder = RefinedModel();
        var refined = HuggingFaceFolder.Load(folder, torch.ScalarType.Float32, torch.CPU);
        var tokenizer = Tokenizer.Load(folder);
        int[][] prompts = [.. File.ReadLines(RepositoryFolder.Of("examples", "quickstart", "data", "test.jsonl")).Take(20)
            .Select(line => tokenizer.Encode((string)System.Text.Json.Nodes.JsonNode.Parse(line)!["question"]!, addSpecialTokens: true))];
        var endIds = refined.EndIds(tokenizer);
        var generator = new BatchGenerator(refined.Model, endIds);
        var blocks = new BlockGenerator(refined.Model, tokenizer.EosId!.Value, endIds);
        return new BenchCase("converge", 1.5,
            () => prompts.Select(prompt => generator.Generate([prompt], new GenerationSpec { MaxNewTokens = 64 }, 1)[0].Ids).ToArray(),
            () => prompts.Select(prompt => blocks.Generate([prompt], 8, null, 64, 1)[0].Ids).ToArray(),
            BenchCase.Ids);
    }

    /// <summary>Prompts of equal length; the reference does some of them, one after the other.</summary>
    private BenchCase Greedy(int rows, int measured, double target)
    {
        var prompts = Prompts(rows, () => 64);
        var generator = new BatchGenerator(_expert.Model, []);
        return new BenchCase($"greedy-{rows}", target,
            () => prompts[..measured].Select(prompt => PublishedPrograms.Greedy(_publishedExpert, [prompt], NewTokens)[0]).ToArray(),
            () => generator.Generate(prompts, new GenerationSpec { MaxNewTokens = NewTokens }, rows).Select(answer => answer.Ids).ToArray(),
            BenchCase.Ids)
        { Share = (double)rows / measured };
    }

    /// <summary>Refines the demo's expert as examples/quickstart/3-refine.yaml says, once.</summary>
    private string RefinedModel()
    {
        var output = Path.Combine(_folder, "refined");
        var manifest = (RefineRun)ManifestReader.Read(File.ReadAllText(RepositoryFolder.Of("examples", "quickstart", "3-refine.yaml")),
            "3-refine.yaml", [
            $"spec.model={{uri: \"file://{RepositoryFolder.Of("examples", "quickstart", "models", "seed-0", "expert")}\", dtype: float32}}",
            $"spec.dataset.uri=file://{RepositoryFolder.Of("examples", "quickstart", "data", "refine.parquet")}", "spec.evaluation=null"]);
        var runner = new Runner(new RunOptions { Output = output },
            ConsoleProgress.ForStandardOutput(quiet: true, json: false), TimeProvider.System);
        var code = runner.RunAsync(manifest, CancellationToken.None).GetAwaiter().GetResult();
        return code == ExitCode.Done ? Path.Combine(output, "model")
            : throw new InvalidOperationException("the demo's expert could not be refined");
    }

    /// <summary>Prompts are printable ASCII, so that each of them is a text of as many tokens.</summary>
    private int[][] Prompts(int count, Func<int> length) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length()).Select(_ => _random.Next('!', '~')).ToArray())];
}
