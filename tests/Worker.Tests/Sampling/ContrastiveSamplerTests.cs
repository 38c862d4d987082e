using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tests.Generation;
using LightReasoner.Worker.Tests.Models;
using LightReasoner.Worker.Tokenization;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Sampling;

/// <summary>Sampling against the published script (../shared/goldens/lightreasoner-sampling.json).</summary>
public class ContrastiveSamplerTests
{
    private const string Golden = "goldens/lightreasoner-sampling.json";

    private static readonly SamplingRunSpec Spec = new()
    {
        Generation = new GenerationSpec { MaxNewTokens = 48 },
        Prompt = new PromptSpec { Template = PromptTemplate.None },
    };

    /// <summary>
    /// Through the product's own entry point: the prompts as text, the samples as they are written, held against the published script's own
    /// output file.
    /// </summary>
    [Theory, InlineData(1), InlineData(4), InlineData(64)]
    public void Sample_PublishedPrompts_GivesThePublishedSamples(int batchSize)
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();

        var result = Sampler(expert, amateur, TestTokenizer.OfNumbers(), Spec, batchSize).Sample(Questions(golden));

        Assert.Equal(golden.Select(p => p!["generated_ids"]!.Ids()), result.Answers.Select(answer => answer.Ids));
        Assert.Equal(golden.Select(p => p!["generated_ids"]!.Ids()[^1] != TestTokenizer.Eos), result.Answers.Select(answer => answer.Cut));
        GoldenLedger.Add(Golden, "generated ids by prompt", golden.Count);
        Assert.Equal(237, result.StepsSeen);
        var published = File.ReadAllLines(Path.Combine(Goldens.Folder, "lightreasoner-samples.jsonl"));
        Assert.Equal(117, published.Length);
        Assert.Equal(published.Length, result.Samples.Count);
        foreach (var (line, sample) in published.Zip(result.Samples))
        {
            var expected = JsonNode.Parse(line)!;
            Assert.Equal((int)expected["step"]!, sample.Step);
            Assert.Equal(expected["token_ids"]!.Ids(), sample.TokenIds);
            GoldenLedger.Add(Golden, "kept steps and their plausible sets", 1);
            GoldenLedger.AddWithin(Golden, "KL of kept steps, relative", 1,
                Math.Abs((double)expected["kl_divergence"]! - sample.KlDivergence) / sample.KlDivergence, 1e-5);
            foreach (var (weight, w) in expected["weights"]!.Numbers().Zip(sample.Weights))
                GoldenLedger.AddWithin(Golden, "weights of kept steps, relative", 1, Math.Abs(weight - w) / weight, 1e-5);
        }
    }

    /// <summary>Answers that are given are read by both models, teacher-forced, and give what generating them gives.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void Sample_EveryStepKept_HasThePublishedKl(bool given)
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();
        var spec = Spec with { Selection = new SelectionSpec { IncludeFirstStep = true, Beta = 0 } };

        var result = Sampler(expert, amateur, TestTokenizer.OfNumbers(), spec, 4)
            .Sample(Questions(golden), given ? [.. golden.Select(p => p!["generated_ids"]!.Ids())] : null);

        Assert.Equal(237 + golden.Count, result.StepsSeen);
        Assert.Equal(result.Answers.Sum(a => a.Ids.Length), result.Samples.Count);
        var worst = golden.SelectMany((p, prompt) => p!["steps"]!.AsArray().Select(step =>
            Math.Abs((double)step!["kl_independent_f64"]! - result.Samples.Single(s => s.PromptId == $"{prompt}"
                && s.Step == (int)step["step"]!).KlDivergence))).Max();
        GoldenLedger.AddWithin(Golden, "KL of every step against float64, absolute", 237, worst, 1e-5);
    }

    [Fact]
    public void Sample_AmateurWithOtherIds_ComparesTokensOfTheSameSpelling()
    {
        using var scope = NewDisposeScope();
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        using var shuffled = Goldens.Model("qwen2-tiny-amateur");
        var golden = Goldens.Json("lightreasoner-sampling.json")["prompts"]!.AsArray();
        int[] order = [.. new RandomStream(5).Permutation(512)]; // the amateur's token order[i] is the expert's i
        using (no_grad())
            shuffled.Model.HeadWeight.index_copy_(0, tensor(Array.ConvertAll(order, id => (long)id)), amateur.Model.HeadWeight);
        Tokenizer tokens = TestTokenizer.OfNumbers(), others = TestTokenizer.OfNumbers(order);
        var vocabulary = VocabularyMap.Of(tokens, 512, others, 512);
        Assert.False(vocabulary.SameIds);
        Assert.Equal(512, vocabulary.Size);

        var expected = Sampler(expert, amateur, tokens, Spec, 8).Sample(Questions(golden));
        var actual = new ContrastiveSampler(expert, shuffled, tokens, vocabulary, Spec, 8).Sample(Questions(golden));

        Assert.Equal(expected.Samples.Count, actual.Samples.Count);
        foreach (var (one, other) in expected.Samples.Zip(actual.Samples))
        {
            Assert.Equal(one.TokenIds, other.TokenIds);
            Assert.Equal(one.KlDivergence, other.KlDivergence, 1e-4);
        }
    }

    /// <summary>
    /// Both thresholds include what equals them: a KL of exactly beta keeps the step, and with alpha 1 the expert's likeliest token is
    /// plausible.
    /// </summary>
    [Fact]
    public void Select_AtTheThresholds_KeepsTheStepAndTheLikeliestToken()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0f, 3f, 1f, 2f, -1f, 0f }).view(2, 3);
        var (labels, _) = ContrastiveSelection.Select(logits, logits, [1, 0], VocabularyMap.Equal(3, 3),
            new SelectionSpec { Alpha = 1, Beta = 0 });
        Assert.Equal([0, 1], labels.Select(label => label.Row));
        Assert.All(labels, label => Assert.Equal(0, label.Kl));
        Assert.Equal([[1], [0]], labels.Select(label => label.TokenIds));
        Assert.All(labels, label => Assert.Equal([1.0], label.Weights));
    }

    [Fact]
    public void VocabularyOf_OtherFamily_IsRefusedWithNumbers()
    {
        var error = Assert.Throws<InvalidDataException>(() =>
            VocabularyMap.Of(TestTokenizer.OfNumbers(), 512, TestTokenizer.Create(), 512));
        Assert.Contains("of the expert's 512 tokens", error.Message);
        Assert.Equal((500, true), (VocabularyMap.Of(TestTokenizer.OfNumbers(), 512, TestTokenizer.OfNumbers(), 500) is var same
            ? same.Size : 0, same.SameIds));
    }

    [Fact]
    public void Sample_DamagedAmateur_FailsInsteadOfFindingNothing()
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        using (no_grad())
            amateur.Model.Weights[^1].fill_(double.NaN);
        var sampler = Sampler(expert, amateur, TestTokenizer.OfNumbers(), Spec, 4);
        Assert.Contains("not finite", Assert.Throws<InvalidDataException>(() =>
            sampler.Sample([new Question(0, "q", "20 30 40")])).Message);
    }

    [Fact]
    public void Sample_PromptBeyondTheContext_IsLeftOutAndCounted()
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var context = Math.Min(expert.Model.Config.MaxPositionEmbeddings, amateur.Model.Config.MaxPositionEmbeddings);
        var sampler = Sampler(expert, amateur, TestTokenizer.OfNumbers(), Spec, 4);

        var result = sampler.Sample([new Question(0, "long", string.Join(' ', Enumerable.Repeat("20", context))),
            new Question(1, "short", "20 30"), new Question(2, "end", string.Join(' ', Enumerable.Repeat("20", context - 5)))]);

        var figures = ChunkFigures.Of(result, []);
        Assert.Equal((3, 1L), (figures.Questions, figures.PromptsTooLong));
        Assert.Empty(result.Answers[0].Ids);
        Assert.InRange(result.Answers[2].Ids.Length, 1, 5);
        Assert.DoesNotContain(result.Samples, sample => sample.PromptId == "long");
        Assert.Equal(result.Answers.Count(answer => answer.Cut), figures.AnswersCut);
    }

    [Fact]
    public void Sample_Questions_WritesPublishedFieldsAndThePrefixIds()
    {
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var tokenizer = TestTokenizer.Create();
        var sampler = Sampler(expert, amateur, tokenizer, Spec, 3);
        Question[] questions = [.. Enumerable.Range(0, 7).Select(i => new Question(i, $"q{i}", new string('a', i + 1) + "bc?"))];

        var result = sampler.Sample(questions);
        var again = sampler.Sample(questions);

        Assert.Equal(7, result.Answers.Count);
        Assert.NotEmpty(result.Samples);
        Assert.Equal(Text(result.Samples), Text(again.Samples));
        Assert.Equal(result.Samples.Sum(s => s.KlDivergence), result.KlSum, 1e-9);
        Assert.Equal(result.Samples.Select(s => (s.PromptId, s.Step)).Order(), result.Samples.Select(s => (s.PromptId, s.Step)));
        foreach (var sample in result.Samples)
        {
            var prompt = tokenizer.Encode(questions.Single(q => q.Id == sample.PromptId).Text, addSpecialTokens: true);
            Assert.Equal(prompt.Length + sample.Step, sample.PrefixIds!.Length);
            Assert.Equal(prompt, sample.PrefixIds.Take(prompt.Length));
            Assert.Equal(tokenizer.Decode(sample.PrefixIds.AsSpan(prompt.Length)), sample.Prefix);
            Assert.Equal(sample.TokenIds.Select(id => tokenizer.Decode([id])), sample.Tokens);
            Assert.Equal(1, sample.Weights.Sum(), 1e-5);
        }
    }

    /// <summary>What a sample says of both models, beside the published fields, from a forward pass over its prefix.</summary>
    [Fact]
    public void Sample_Steps_HaveEntropiesAndMostLikelyTokens()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var samples = Sampler(expert, amateur, TestTokenizer.Create(), Spec, 3).Sample([new Question(0, "q", "abc?")]).Samples;
        Assert.NotEmpty(samples);
        foreach (var sample in samples)
        {
            var line = System.Text.Json.JsonSerializer.SerializeToNode(sample, ContrastiveSample.Json)!;
            foreach (var (name, model) in new[] { ("expert", expert), ("amateur", amateur) })
            {
                var p = Distribution(model.Model, sample.PrefixIds!);
                Assert.Equal(-p.mul(p.log()).sum().item<float>(), (double)line[$"{name}_entropy"]!, 1e-4);
                Assert.Equal(p.argmax().item<long>(), (long)line[$"{name}_top1"]!);
            }
        }
    }

    [Fact]
    public void Sample_Published_ShowsTheAmateurTheTextEncodedAnew()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var expert = Goldens.Model("qwen2-tiny");
        using var amateur = Goldens.Model("qwen2-tiny-amateur");
        var tokenizer = TestTokenizer.Create(); // its words come back as bytes, so most prefixes have other tokens
        var spec = Spec with
        {
            Compatibility = Compatibility.Published,
            Selection = new SelectionSpec { Beta = 0 },
            Generation = new GenerationSpec { MaxNewTokens = 12 }
        };
        var sampler = Sampler(expert, amateur, tokenizer, spec, 8);
        var question = new Question(0, "q", "abc?");
        var different = 0;
        foreach (var sample in sampler.Sample([question]).Samples)
        {
            var reencoded = tokenizer.Encode(question.Text + sample.Prefix);
            var p = Distribution(expert.Model, sample.PrefixIds!);
            var q = Distribution(amateur.Model, reencoded);
            Assert.Equal(p.mul(p.log().sub(q.log())).sum().item<float>(), sample.KlDivergence, 1e-4);
            different += reencoded.SequenceEqual(sample.PrefixIds!) ? 0 : 1;
        }
        Assert.True(different > 3);
    }

    private static Tensor Distribution(CausalLM model, int[] ids) =>
        model.forward(Goldens.Batch(ids)).narrow(1, ids.Length - 1, 1).view(-1).softmax(0);

    private static ContrastiveSampler Sampler(LoadedModel expert, LoadedModel amateur, Tokenizer tokenizer,
        SamplingRunSpec spec, int batchSize) =>
        new(expert, amateur, tokenizer, VocabularyMap.Equal(expert.Model.Config.VocabSize, amateur.Model.Config.VocabSize), spec,
            batchSize);

    private static Question[] Questions(JsonArray golden) =>
        [.. golden.Select((prompt, i) => new Question(i, $"{i}", string.Join(' ', prompt!["prompt_ids"]!.Ids())))];

    private static string Text(IReadOnlyList<ContrastiveSample> samples) => System.Text.Json.JsonSerializer.Serialize(samples);
}
