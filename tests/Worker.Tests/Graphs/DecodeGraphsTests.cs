using System.Runtime.Intrinsics;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Tests.FineTuning;
using LightReasoner.Worker.Tests.Models;
using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Graphs;

/// <summary>Decoding with recorded steps, on the CPU: <see cref="SoftwareRecorder"/> takes the place of CUDA graphs.</summary>
[Collection(TorchGeneratorCollection.Name)]
public class DecodeGraphsTests
{
    private const int NewTokens = 70;

    public static TheoryData<string> Families => RandomModels.Families;

    [Theory, MemberData(nameof(Families))]
    public void Generate_BFloat16_GivesTheSameAnswers(string family) => AssertSameAnswers(family, ScalarType.BFloat16);

    [Theory, MemberData(nameof(Families))]
    public void Compare_BFloat16_GivesTheSameSteps(string family) => AssertSameSteps(family, ScalarType.BFloat16);

    /// <summary>Without AVX-512 float32 goes through operators too, as it does on a GPU.</summary>
    [Fact]
    public async Task GenerateAndCompare_Float32_GiveTheSame()
    {
        if (await OwnProcess.RanAsync(("DOTNET_EnableAVX512", "0"), ("DOTNET_EnableAVX512F", "0"))) return;
        Assert.False(Vector512.IsHardwareAccelerated);
        foreach (var family in RandomModels.Families)
        {
            AssertSameAnswers(family, ScalarType.Float32);
            AssertSameSteps(family, ScalarType.Float32);
        }
    }

    /// <summary>The device's own arithmetic of positions, slots and masks, against the host's.</summary>
    [Theory, MemberData(nameof(Families))]
    public void HiddenFromDevice_RowsThatRestAndPadding_IsHidden(string family)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = RandomModels.Load(family, ScalarType.BFloat16);
        var model = loaded.Model;
        using var cache = new KvCache(model.Config, 4, 12, ScalarType.BFloat16, CPU);
        var random = new Random(1);
        Tensor Ids(int length) => tensor(Enumerable.Range(0, 4 * length).Select(_ => random.NextInt64(60)).ToArray()).view(4, length);
        model.Hidden(Ids(9), cache, [9, 4, 0, 7]);

        foreach (var (news, reach) in (((int[], int)[])[([1, 1, 0, 1], 12), ([2, 1, 3, 0], 12), ([0, 0, 2, 2], 10), ([0, 3, 3, 2], 12)]))
        {
            using var expectedCache = cache.Copy();
            var (ids, lengths) = (Ids(news.Max()), tensor(Array.ConvertAll(cache.Lengths, n => (long)n)));
            var actual = model.HiddenFromDevice(ids, cache, lengths, reach, model.Turns(13));
            var expected = model.Hidden(ids, expectedCache, news);
            Assert.False(actual.isnan().any().item<bool>());
            cache.Advance(news);
            for (var row = 0; row < 4; row++)
            {
                if (news[row] > 0)
                    Assert.True(Goldens.RelativeDifference(actual[row].narrow(0, 0, news[row]), expected[row].narrow(0, 0, news[row])) < 0.02);
                for (var layer = 0; layer < model.Config.NumLayers && cache.Lengths[row] > 0; layer++)
                    Assert.True(Goldens.RelativeDifference(Held(cache.Stores(layer).Keys, row), Held(expectedCache.Stores(layer).Keys, row)) < 0.02);
            }
            Tensor Held(Tensor store, int row) => store[row].narrow(1, 0, cache.Lengths[row]);
        }
    }

    /// <summary>Whatever the host contributes to a step, as constants or as memory, is the same at any lengths of the rows.</summary>
    [Theory, InlineData(1), InlineData(5)]
    public void Record_StepsOfUnequalLengths_AreTheSameCallsOnTheSameMemory(int length)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var loaded = RandomModels.Load("qwen2", ScalarType.BFloat16);
        using var cache = new KvCache(loaded.Model.Config, 3, 300, ScalarType.BFloat16, CPU);
        using var recorder = new SoftwareRecorder();
        loaded.Model.NewStepRecorder = () => recorder;
        List<SoftwareRecorder.Step> steps = [];
        List<DecodeGraphs> both = [];
        foreach (var lengths in (int[][])[[20, 7, 90], [100, 101, 3]])
        {
            for (var row = 0; row < 3; row++)
                cache.ResetRow(row);
            loaded.Model.Hidden(Ids(lengths.Max()), cache, lengths);
            both.Add(DecodeGraphs.For(loaded.Model, cache)!);
            for (var i = 0; i < 3; i++)
                both[^1].TryRun(Ids(length), [length, i == 1 ? 0 : length, length]);
            steps.Add(Assert.Single(recorder.Steps[steps.Count..]));
        }

        Assert.Equal(steps[0].Calls.Select(call => call.Constants), steps[1].Calls.Select(call => call.Constants));
        // Ids, lengths and the handle of the tables are each recording's own; of other memory nothing is new.
        var differing = steps[1].Given.Where(input => !steps[0].Given.Any(other => SoftwareRecorder.Step.Address(other) == SoftwareRecorder.Step.Address(input)))
            .GroupBy(SoftwareRecorder.Step.Address).Select(group => string.Join("×", group.First().shape)).Order();
        Assert.Equal(((string[])["3", $"3×{length}"]).Order(), differing);
        string[] waits = ["_local_scalar_dense", "is_pinned", "pin_memory", "to.device", "nonzero", "masked_select", "argwhere", "equal", "is_nonzero", "unique2"];
        Assert.DoesNotContain(steps[0].Calls, call => waits.Contains(call.Name));
        both.ForEach(graphs => graphs.Dispose());

        Tensor Ids(int count) => tensor(Enumerable.Range(0, 3 * count).Select(i => i * 7L % 60).ToArray()).view(3, count);
    }

    /// <summary>However many layers a model has, a replayed step calls a handful of operators: what brings ids and lengths in and the result out.</summary>
    [Fact]
    public void TryRun_Replay_CallsAHandfulOfOperators()
    {
        using var scope = NewDisposeScope();
        using var loaded = RandomModels.Load("qwen3", ScalarType.BFloat16);
        using var cache = new KvCache(loaded.Model.Config, 2, 40, ScalarType.BFloat16, CPU);
        using var recorder = new SoftwareRecorder();
        loaded.Model.NewStepRecorder = () => recorder;
        using var graphs = DecodeGraphs.For(loaded.Model, cache)!;
        var (counted, before) = (new CallCounter(), DecodeGraphs.Replays);
        using var _ = no_grad();
        using var ordinary = cache.Copy();
        List<(Tensor Actual, Tensor Expected)> steps = [];
        for (var step = 0; step < 10; step++)
        {
            var ids = tensor(new long[] { 7 * step % 60, 11 * step % 60 }).view(2, 1);
            Operator.Listener = step == 9 ? counted : null;
            var hidden = graphs.TryRun(ids, [1, 1]);
            Operator.Listener = null;
            Assert.Equal(step < 2, hidden is null);
            steps.Add((hidden ?? loaded.Model.Hidden(ids, cache, [1, 1]), loaded.Model.Hidden(ids, ordinary, [1, 1])));
            if (step == 5)
                loaded.Model.Hidden(zeros([1, 400], dtype: ScalarType.Int64)); // makes longer tables of rotations, and gives the ones in use up
        }
        Assert.All(steps, step => Assert.True(Goldens.RelativeDifference(step.Actual, step.Expected) < 0.02, "a later replay changed a result"));
        Assert.Equal(6, DecodeGraphs.Replays - before); // two steps apart, one recorded, one compared
        Assert.InRange(counted.Calls, 1, 5);
        Assert.True(recorder.Steps[0].Calls.Count > 60);
        Assert.Equal([10, 10], cache.Lengths);
    }

    [Fact]
    public void TryRun_ManyLengthsAndReaches_RecordsABoundedNumber()
    {
        using var scope = NewDisposeScope();
        using var loaded = RandomModels.Load("qwen2", ScalarType.BFloat16);
        using var cache = new KvCache(loaded.Model.Config, 1, 1100, ScalarType.BFloat16, CPU);
        using var recorder = new SoftwareRecorder();
        loaded.Model.NewStepRecorder = () => recorder;
        using var graphs = DecodeGraphs.For(loaded.Model, cache)!;
        loaded.Model.Hidden(zeros([1, 1090], dtype: ScalarType.Int64), cache);
        for (var held = 1090; held > 0; held -= 150)
            for (var length = 1; length <= DecodeGraphs.MaxLength + 1; length++)
                for (var time = 0; time < 4; time++)
                {
                    cache.SetLength(0, held);
                    graphs.TryRun(zeros([1, length], dtype: ScalarType.Int64), [length]);
                }
        Assert.Equal(DecodeGraphs.MaxSteps, recorder.Steps.Count);
        Assert.Empty(recorder.Reasons);
    }

    [Fact]
    public void For_ModelOnTheCpu_RecordsNothing()
    {
        using var loaded = RandomModels.Load("qwen2", ScalarType.BFloat16);
        using var cache = new KvCache(loaded.Model.Config, 1, 8, ScalarType.BFloat16, CPU);
        Assert.Null(DecodeGraphs.For(loaded.Model, cache));
    }

    /// <summary>Replays with an adapter, which takes the place of fused projections, are the steps themselves.</summary>
    [Fact]
    public void Generate_Adapter_GivesTheSameAnswers()
    {
        using var model = RandomModels.Load("qwen2", ScalarType.BFloat16);
        var plain = Generate(model, () => null).Answers;
        using (no_grad())
            foreach (var (_, parameter) in model.Model.AddLora(new LoraOptions { TargetModules = LoraOptions.Targets }, seed: 1).NamedParameters())
                parameter.add_(0.05);
        var recorder = new SoftwareRecorder();
        var (answers, replays) = Generate(model, () => recorder);
        Assert.Equal(Generate(model, () => new DirectRecorder()).Answers, answers);
        Assert.NotEqual(plain, answers);
        Assert.Empty(recorder.Reasons);
        Assert.True(replays > 50);
    }

    /// <summary>In float64, where roundings decide over nothing and operators are used everywhere.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Compare_RecordingFails_GoesOnUnrecorded(int failsAt)
    {
        var recorder = new SoftwareRecorder { FailsAt = failsAt };
        var (result, replays) = Compare("qwen2", ScalarType.Float64, 2, () => recorder);
        AssertSame(Compare("qwen2", ScalarType.Float64, 2, () => null).Result, result, 1e-5);
        Assert.Contains("no room for another graph", Assert.Single(recorder.Reasons));
        Assert.Equal(failsAt - 1, recorder.Steps.Count);
        Assert.Equal(failsAt > 1, replays > 0);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(20)]
    public void Generate_ReplayFails_GoesOnUnrecordedWithTheSameAnswers(int replay)
    {
        var recorder = new SoftwareRecorder { ReplayFailsAt = replay };
        using var model = RandomModels.Load("llama", ScalarType.Float64);
        var expected = Generate(model, () => null).Answers;
        Assert.Equal(expected, Generate(model, () => recorder).Answers);
        Assert.Equal("a decode step could not be replayed: the launch failed", Assert.Single(recorder.Reasons));
    }

    /// <summary>Replays that write to wrong slots of the cache are found out, and leave no trace.</summary>
    [Fact]
    public void Generate_ReplaysAreWrong_GoesOnUnrecordedWithTheSameAnswers()
    {
        var recorder = new SoftwareRecorder { Stale = true };
        using var model = RandomModels.Load("qwen2", ScalarType.Float64);
        var expected = Generate(model, () => null).Answers;
        var (answers, replays) = Generate(model, () => recorder);
        Assert.Equal(expected, answers);
        Assert.Contains("differed", Assert.Single(recorder.Reasons));
        Assert.Equal((0, 1), (replays, Assert.Single(recorder.Steps).Replays));
    }

    [Theory, InlineData(1, 200, 128), InlineData(128, 200, 128), InlineData(129, 200, 200), InlineData(129, 4096, 512), InlineData(4000, 4096, 4096), InlineData(1025, 1100, 1100), InlineData(20, 40, 40)]
    public void RoundedReach_AnyCapacity_IsOneOfFew(int reach, int capacity, int expected) => Assert.Equal(expected, DecodeGraphs.RoundedReach(reach, capacity));

    private static void AssertSameAnswers(string family, ScalarType dtype)
    {
        using var model = RandomModels.Load(family, dtype);
        var recorders = new List<SoftwareRecorder>();
        var expected = Generate(model, Otherwise(dtype)).Answers;
        var recorded = Generate(model, Into(recorders));
        Assert.Equal(expected, recorded.Answers);
        Assert.True(expected.Select(answer => answer.Length).Distinct().Count() > 3, "the answers end together");
        Assert.All(recorders, recorder => Assert.Empty(recorder.Reasons));
        Assert.True(recorders.Count > 1, "the batch did not shrink");
        Assert.Contains(recorders, recorder => recorder.Steps.Count == 2); // of two reaches
        Assert.All(recorders, recorder => Assert.All(recorder.Steps, step => Assert.True(step.Output.IsInvalid, "a step outlived its cache")));
        Assert.True(recorded.Replays > 50, $"only {recorded.Replays} replays");
        Assert.Equal(recorders.SelectMany(recorder => recorder.Steps).Sum(step => Math.Max(0, step.Replays - 1)), recorded.Replays); // the first of each is a comparison
    }

    private static (int[][] Answers, long Replays) Generate(LoadedModel model, Func<IStepRecorder?> recorders)
    {
        model.Model.NewStepRecorder = recorders;
        var before = DecodeGraphs.Replays;
        var answers = new TextGenerator(model).Generate(RandomModels.Prompts(19), new GenerationSpec { MaxNewTokens = NewTokens }, batchSize: 4);
        return ([.. answers.Select(answer => answer.Ids)], DecodeGraphs.Replays - before);
    }

    private static void AssertSameSteps(string family, ScalarType dtype)
    {
        foreach (var batchSize in (int[])[1, 4, 16]) // with drafts, and with none at first
        {
            var recorders = new List<SoftwareRecorder>();
            var expected = Compare(family, dtype, batchSize, Otherwise(dtype)).Result;
            var (result, replays) = Compare(family, dtype, batchSize, Into(recorders));
            AssertSame(expected, result, dtype == ScalarType.Float32 ? 1e-4 : 0);
            Assert.All(recorders, recorder => Assert.Empty(recorder.Reasons));
            Assert.True(replays > 50, $"only {replays} replays");
        }
    }

    /// <summary>
    /// What decoding with recorded steps is compared with: in float32 the steps that are taken where none are recorded, and in bfloat16, where roundings would decide over a token now and then,
    /// the very steps that are recorded.
    /// </summary>
    private static Func<IStepRecorder?> Otherwise(ScalarType dtype) => () => dtype == ScalarType.Float32 ? null : new DirectRecorder();

    private static void AssertSame(ContrastiveSampler.Comparison expected, ContrastiveSampler.Comparison actual, double tolerance)
    {
        Assert.Equal(expected.Answers, actual.Answers);
        Assert.Equal((expected.Seen, expected.Drafts), (actual.Seen, actual.Drafts));
        Assert.True(expected.Kept.Count > 20 && expected.Drafts.Accepted > 0);
        Assert.Equal(expected.Kept.Select(kept => (kept.Prompt, kept.Step)), actual.Kept.Select(kept => (kept.Prompt, kept.Step)));
        Assert.All(expected.Kept.Zip(actual.Kept), pair => Assert.Equal(pair.First.Label.Kl, pair.Second.Label.Kl, tolerance * Math.Max(1, pair.First.Label.Kl)));
    }

    private static (ContrastiveSampler.Comparison Result, long Replays) Compare(string family, ScalarType dtype, int batchSize, Func<IStepRecorder?> recorders)
    {
        using var expert = RandomModels.Load(family, dtype);
        using var amateur = RandomModels.Load(family, dtype, noise: 0.03);
        (expert.Model.NewStepRecorder, amateur.Model.NewStepRecorder) = (recorders, recorders);
        var spec = new SamplingRunSpec { BatchSize = batchSize, Generation = new GenerationSpec { MaxNewTokens = 40 } };
        using var sampler = new ContrastiveSampler(expert, amateur, null!, spec);
        var before = DecodeGraphs.Replays;
        var result = sampler.Compare(RandomModels.Prompts(9), [.. Enumerable.Range(0, 9)]);
        return (result, DecodeGraphs.Replays - before);
    }

    private static Func<SoftwareRecorder> Into(List<SoftwareRecorder> recorders) => () =>
    {
        recorders.Add(new SoftwareRecorder());
        return recorders[^1];
    };

    private sealed class CallCounter : ICallListener
    {
        public int Calls { get; private set; }

        public void Called(Operator called, ReadOnlySpan<Argument> arguments, ReadOnlySpan<Value> results) => Calls++;
    }
}
