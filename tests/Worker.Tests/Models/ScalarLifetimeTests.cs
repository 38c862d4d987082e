using System.Reflection;
using System.Reflection.Emit;
using LightReasoner.Worker.Models;
using TorchSharp;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>
/// TorchSharp frees a <see cref="Scalar"/> in its finalizer and does not keep it alive while libtorch reads it. A number that is converted
/// in passing, by the worker or by a function of TorchSharp that it calls, is read after it was freed, once in some thousand steps.
/// </summary>
public class ScalarLifetimeTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> s_opcodes =
        typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    [Fact]
    public void Worker_PassesNoNumberThatNobodyHolds()
    {
        var library = Methods(typeof(Scalar).Assembly).Where(method => !IsConversion(method))
            .ToDictionary(method => method, method => Calls(method).ToHashSet());
        var converting = library.Where(method => method.Value.Any(IsConversion)).Select(method => method.Key).ToHashSet();
        while (library.Where(method => method.Value.Overlaps(converting)).Count(method => converting.Add(method.Key)) > 0)
        {
        }
        Assert.Contains(converting, method => method.Name == "square"); // the search finds what there is to be found

        string[] found =
        [
            .. from method in Methods(typeof(CausalLM).Assembly)
               let calls = Calls(method).ToArray()
               from call in calls
               // TorchScript's invoke converts numbers among its arguments; the worker gives it tensors.
               where (converting.Contains(call) && call.Name != "invoke")
                   || (IsConversion(call) && !method.IsStatic && !calls.Any(other => other.Name == "Dispose"))
               select $"{method.DeclaringType}.{method.Name} calls {call.DeclaringType?.Name}.{call.Name}",
        ];
        Assert.DoesNotContain(found, line => !line.StartsWith("LightReasoner.Worker.Models.Scalars", StringComparison.Ordinal));
    }

    private static bool IsConversion(MethodBase method) =>
        method is { Name: "op_Implicit", DeclaringType.Name: "Scalar" } or { Name: "ToScalar" };

    private static IEnumerable<MethodBase> Methods(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)));

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < code.Length;)
        {
            var opcode = s_opcodes[code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at]];
            at += opcode.Size;
            if (opcode.OperandType is OperandType.InlineMethod
                && Resolve(method, BitConverter.ToInt32(code, at)) is { } called)
                yield return called is MethodInfo { IsGenericMethod: true } generic ? generic.GetGenericMethodDefinition() : called;
            at += opcode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

    private static MethodBase? Resolve(MethodBase caller, int token) => caller.Module.ResolveMethod(token,
        caller.DeclaringType?.GetGenericArguments(), caller.IsGenericMethod ? caller.GetGenericArguments() : null);
}
