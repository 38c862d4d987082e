using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Training;

/// <summary>The calls that reach NCCL, by a recording stand-in for its functions.</summary>
public class NcclCollectiveTests
{
    private const int Float32 = 7, BFloat16 = 9, Sum = 0;

    [Fact]
    public void ReduceScatter_TwoRanks_SumsInPlaceIntoEachRanksSlice()
    {
        var nccl = new Recorder();
        using var buffers = NewDisposeScope();
        using (var collective = Collective(nccl))
            collective.ReduceScatter([zeros(8), zeros(8)]);
        Assert.Equal(
        [
            "CommInitAll 0,1", "GroupStart",
            $"ReduceScatter 1000 1000 4 {Float32} {Sum} 100", $"ReduceScatter 2000 2016 4 {Float32} {Sum} 101",
            "GroupEnd", "CommDestroy 100", "CommDestroy 101",
        ], nccl.Calls);
    }

    [Fact]
    public void AllGather_BFloat16_SendsEachRanksSliceOfItsBuffer()
    {
        var nccl = new Recorder();
        using var buffers = NewDisposeScope();
        using var collective = Collective(nccl);
        collective.AllGather([zeros(8, dtype: ScalarType.BFloat16), zeros(8, dtype: ScalarType.BFloat16)]);
        Assert.Equal([$"AllGather 1000 1000 4 {BFloat16} 100", $"AllGather 2008 2000 4 {BFloat16} 101"],
            nccl.Calls.Where(call => call.StartsWith("All", StringComparison.Ordinal)));
    }

    [Fact]
    public void Call_ThatFails_SaysWhatNcclSays()
    {
        var nccl = new Recorder { Fails = "GroupEnd" };
        using var buffers = NewDisposeScope();
        using var collective = Collective(nccl);
        Assert.Contains("GroupEnd failed: unhandled cuda error",
            Assert.Throws<InvalidOperationException>(() => collective.AllGather([zeros(8), zeros(8)])).Message);
    }

    private static NcclCollective Collective(Recorder nccl)
    {
        nint next = 0;
        return new NcclCollective([new Device("cuda:0"), new Device("cuda:1")], nccl, _ => next += 1000);
    }

    private sealed class Recorder : Nccl
    {
        public List<string> Calls { get; } = [];

        public string? Fails { get; init; }

        public override int CommInitAll(nint[] comms, int[] devices)
        {
            for (var i = 0; i < comms.Length; i++)
                comms[i] = 100 + i;
            return Record("CommInitAll", string.Join(",", devices));
        }

        public override int GroupStart() => Record("GroupStart");

        public override int GroupEnd() => Record("GroupEnd");

        public override int ReduceScatter(nint send, nint receive, long receiveCount, int type, int operation, nint comm) =>
            Record("ReduceScatter", send, receive, receiveCount, type, operation, comm);

        public override int AllGather(nint send, nint receive, long sendCount, int type, nint comm) =>
            Record("AllGather", send, receive, sendCount, type, comm);

        public override int CommDestroy(nint comm) => Record("CommDestroy", comm);

        public override string ErrorText(int result) => "unhandled cuda error";

        private int Record(string function, params object[] arguments)
        {
            Calls.Add(string.Join(' ', [function, .. arguments]));
            return function == Fails ? 1 : 0;
        }
    }
}
