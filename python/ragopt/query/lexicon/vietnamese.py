"""Vietnamese. A question that is typed without accents is matched against these patterns without theirs."""

from __future__ import annotations

from ragopt.query.lexicon.types import Lexicon, any_of, between, pattern, words

__all__ = ["VIETNAMESE"]

_WHO = (
    r"(?:(?:các |quý |mấy )?(?:tôi|em|mình|tui|tớ|cháu|con|anh chị|anh|chị|chúng tôi|chúng em|bọn em|bọn mình|ad|admin"
    r"|shop|bác sĩ|bác sỹ|bs|bác|mọi người|cả nhà|bạn|thầy cô|thầy|cô|chuyên gia|vị|mn|ban quản trị|bqt|ae|anh em"
    r"|cộng đồng|trợ lý|bot|cậu|chú|ông|bà|quý vị|người)(?: (?:nào|đó|ơi|này))?)"
)
_MODE = (
    r"(?: (?:có thể|làm ơn|vui lòng|xin|hãy|nhờ|cố gắng|đang|rất|thực sự|cũng|chỉ|lại|đã|vừa|sẽ|hơi|thật sự"
    r"|phiền))*"
)
_TELL = (
    r"(?:cho|giúp|giải thích|chỉ|tư vấn|hướng dẫn|nói|trả lời|giải đáp|bảo|chia sẻ|cung cấp|nêu|phân tích|trình bày"
    r"|mô tả|tìm|kể|gợi ý|hỗ trợ|cho xin|làm rõ)"
)
_HOW = (
    rf"(?: (?:(?:giúp|giùm|dùm|hộ|cho)(?: {_WHO}\b)?|(?:xin |cho )?hỏi(?: (?:các )?(?:bác sĩ|bác|mọi người|chuyên "
    rf"gia|ad|shop)\b)?"
    r"|với|xin|biết|rõ|rõ hơn|thêm|hiểu|thông tin|chút|một chút|một ít|tí|xíu|tham khảo"
    r"|tìm|tìm hiểu|giải thích|tư vấn|chi tiết|cụ thể|kỹ hơn|nghe|câu|câu này|phép|về việc|về vấn đề|về|là|rằng|xem|này"
    r"|dạ|lời khuyên|ý kiến|ngắn gọn|nhanh|ngu|đôi chút|phát|ké))*"
)
_TAIL = r"(?=[\s,.:;!?-]|$)"

_OPENINGS = [
    rf"(?:xin |kính |em |con |cháu )*(?:chào|gửi|thưa)(?: {_WHO})*(?: (?:ạ|nhé|nha))*{_TAIL}",
    rf"(?:hi|hello|hey|alo|a lô|helo|chào buổi (?:sáng|chiều|tối))(?: {_WHO})*{_TAIL}",
    rf"{_WHO} ơi{_TAIL}",
    r"(?:dạ|vâng|ừm|ờ|à|ừ|ok|ủa|thật ra|thực ra|nói chung|nhân tiện|tiện thể)(?: (?:thưa|vâng))?(?=[\s,.:!-])"
    rf"(?: {_WHO}(?=,))?",
    r"(?:làm ơn|vui lòng|xin vui lòng|xin hãy|xin làm ơn|phiền)(?=\s)" + rf"(?: {_WHO})?(?: {_TELL}(?: "
    rf"{_WHO})*{_HOW})?{_TAIL}",
    # "cho tôi hỏi", "bạn có thể cho tôi biết", "bác sĩ tư vấn giúp em"
    rf"(?:(?:liệu|nhờ|mong|xin|không biết) )?(?:{_WHO})?{_MODE}\s?(?<!\w){_TELL}(?: (?:giúp|giùm|dùm|hộ|cho))*(?: "
    rf"{_WHO})+{_HOW}{_TAIL}",
    rf"(?:{_WHO})?{_MODE}\s?(?:xin|cho|xin cho|cho xin|xin phép)(?: (?:được|phép|cho|xin|{_WHO}))* (?:hỏi|biết|thông "
    rf"tin"
    r"|ý kiến)(?: (?:các )?(?:bác sĩ|bác|mọi người|chuyên gia|ad|shop)\b)?" + rf"{_HOW}{_TAIL}",
    rf"(?:{_WHO}){_MODE} (?:muốn|cần|định|tính|mong|thích|đang)(?: (?:được|xin|có))*(?: (?:hỏi|biết|tìm hiểu|thắc mắc"
    rf"|nhờ|tìm|băn khoăn|tìm kiếm|nghiên cứu|tham khảo|thông tin|tư vấn|hiểu|giải đáp))+{_HOW}(?: {_WHO}(?= tư vấn| "
    rf"giải))?"
    rf"{_HOW}{_TAIL}",
    rf"(?:{_WHO}){_MODE} (?:thắc mắc|tò mò|băn khoăn|phân vân|tự hỏi|quan tâm|có (?:một |1 |vài )?(?:câu hỏi|thắc mắc)"
    rf"|hỏi)(?: (?:nhỏ|nhanh|muốn hỏi|cần hỏi|đến|tới))*{_HOW}{_TAIL}",
    rf"(?:có )?(?:ai|bạn nào|bác nào|anh chị nào|cao nhân nào|{_WHO})(?: (?:có|ở đây|trong đây|đã))*"
    rf" (?:biết|rành|hiểu rõ|từng biết){_HOW}{_TAIL}",
    rf"(?:vậy )?(?:muốn hỏi|xin hỏi|cho hỏi|hỏi|hỏi nhanh|hỏi chút|hỏi tí|cần thông tin|câu hỏi(?: của {_WHO})?)"
    rf"(?: (?:{_WHO}|là|nhanh|chút|tí|xíu|ngu|về|này|rằng|một|câu|như sau))*(?=[\s,:])",
    rf"(?:xin lỗi|làm phiền|phiền)(?: (?:vì|đã|làm phiền|{_WHO}|một|chút|cho))*(?=[\s,.:!])",
    rf"(?:xin )?(?:cảm ơn|cám ơn)(?: (?:{_WHO}|nhiều|trước|đã|rất))*(?=[,.!:])",
]

_THANKS = (
    rf"(?:(?:dạ|và|{_WHO}|xin|rất|chân thành|trân trọng|thành thật|ngàn lần|vô cùng) )*(?:cảm ơn|cám ơn|thanks?|tks"
    rf"|thank"
    rf" you|biết ơn|đa tạ)(?: [^\s?,.!]+){{0,9}}"
)
_CLOSINGS = [
    _THANKS,
    r"(?:với )?(?:ạ|nhé|nha|nhá|nhỉ|hả|dạ|vậy ạ|thế ạ|đi ạ|hen|hén|thưa \S+(?: \S+)?)",
    rf"(?:rất |{_WHO} )*(?:mong|hy vọng|hi vọng)(?: [^\s?,.!]+){{0,6}} (?:tư vấn|giải đáp|giúp|trả lời|phản hồi|hồi âm"
    r"|hỗ trợ|chỉ giáo|giải thích|chia sẻ)(?: [^\s?,.!]+){0,6}",
    rf"(?<!trợ )(?:giúp|giùm|dùm|hộ)(?: {_WHO})?(?: (?:với|nhé|nha|ạ))*",
    rf"(?:{_WHO} )?(?:{_TELL})(?: {_WHO})?(?: (?:giúp|giùm|dùm|hộ|biết|hỏi|rõ|với))+(?: {_WHO})?(?: (?:với|nhé|nha"
    rf"|ạ))*",
    r"(?:xin )?(?:trân trọng|chân thành|kính thư|thân mến|chúc)(?: [^\s?,.!]+){0,9}",
    rf"(?:có )?(?:ai|{_WHO})(?: có)? biết (?:không|ko)",
    r"(?:làm ơn|vui lòng)(?: (?:giúp|trả lời|cho biết|chỉ giúp|tư vấn|nhé|ạ))*",
]

_ON = r"\b(?:(?!\b(?:nhưng|và|nên)\b)[^?]){0,80}"
_PLEASANTRY = any_of(
    rf"""
    {_THANKS}.{{0,40}}
    (?:rất |{_WHO} )*(?:mong|hy vọng|hi vọng){_ON} | (?:xin )?(?:trân trọng|chân thành|chúc|kính thư){_ON}
    (?:xin |kính )*chào\b.{{0,40}} | (?:xin lỗi|làm phiền|rất xin lỗi){_ON}
    {_WHO} (?:là )?(?:người mới|mới (?:vào nghề|học|tìm hiểu|làm quen)){_ON}
    {_WHO} có (?:một |1 |vài )?(?:câu hỏi|thắc mắc)\b.{{0,30}} | (?:giúp|tư vấn giúp|hỗ trợ) {_WHO}\b.{{0,20}}
    """
)

_FUNCTIONS = words(
    "là của và các những một với cho được trong có không thì mà ở để khi đã đang sẽ rồi này đó kia ấy nào gì sao thế "
    "vậy "
    "như nhưng hay hoặc nếu vì do bởi nên tại từ đến tới về ra vào lên xuống trên dưới ngoài giữa theo bằng qua cũng "
    "vẫn "
    "còn chỉ đều rất quá lắm hơn nhất cứ lại mới vừa chưa chẳng đừng phải bị cần muốn ai đâu mấy bao nhiêu nó họ "
    "chúng ta "
    "tôi em mình bạn anh chị cháu con tui tớ ông bà cô chú bác ạ nhé nha nhỉ à ư dạ vâng xin làm ơn cảm cám ơn hỏi "
    "biết "
    "giúp với cái việc điều sự cách lúc nơi thứ loại người khác cùng cả mọi mỗi từng nữa luôn ngay sau trước hãy đi "
    "đây "
    "thể lâu giờ nghĩa đấy dù tuy hết bất kể dùng làm ko k hok dc đc j chứ"
)
_ASPECTS = words(
    "giá phí chi cước hạn giới mức tối đa thiểu mặc định kích thước khác biệt lý lí do ưu nhược điểm lợi hại tác "
    "dụng phụ "
    "triệu chứng nguyên nhân liều lượng thời gian hạn bước yêu cầu ngoại lệ thay thế tùy chọn ví dụ phiên bản tên "
    "địa chỉ "
    "kết quả ý nghĩa mục đích vấn đề lỗi số ngày tháng năm tuổi nặng cao dài rộng xa gần sâu lớn nhỏ nhanh chậm rẻ đắt "
    "tốt xấu dễ khó an toàn miễn đau mất tốn bền cũ sớm muộn vùng tác giả công thức nguyên liệu hướng dẫn chỗ quốc "
    "gia mở đóng cửa tiền tệ sinh rõ thêm chi tiết nói tiếp kéo xảy diễn hiệu quả nguy hiểm đủ đúng sai"
)
_VERBS = words(
    "làm cho lấy dùng đặt xem tìm chọn thử giữ bắt đầu dừng chạy thay đổi thêm xóa tạo bật tắt tăng giảm "
    "cấu hình sử dụng mua bán trả ăn uống nghỉ chờ cài sửa nên cần muốn xin kể giải thích nói mô tả so sánh"
)
_QUESTIONS = pattern(
    r"(?:làm sao|làm thế nào|làm cách nào|tại sao|vì sao|sao|thế nào|như thế nào|khi nào|bao giờ|bao lâu|bao nhiêu|ở "
    r"đâu"
    r"|có (?:thể|phải|nên|cần|được)|có|ai|cái gì|điều gì|những gì|cách|liệu|nên|nếu)\b"
)
#: How a comparison is asked, after the things that are compared.
_ASKED = r"(?: là gì| như thế nào| thế nào| ra sao| khác nhau.*| không)?"
_COMPARISONS = (
    (pattern(r"(?P<rest>.+ (?:vs\.?|versus|so với) .+)"), between(r"vs\.?|versus|so với")),
    (
        pattern(
            r"(?:.*?\b)?(?:so sánh|phân biệt|đối chiếu)(?: (?:giữa|sự khác nhau giữa|sự khác biệt giữa))? "
            r"(?P<rest>.+?)" + _ASKED
        ),
        between(r"với|và|vs\.?|hay"),
    ),
    (
        pattern(
            r"(?:.*?\b)?(?:khác nhau|khác biệt|giống nhau|điểm khác|điểm giống|sự khác)(?: \w+){0,2}? (?:giữa|của)"
            r" (?P<rest>.+?)" + _ASKED
        ),
        between(r"và|với|vs\.?"),
    ),
    (pattern(r"(?P<rest>.+?),? (?:khác nhau|khác gì nhau|giống nhau|khác biệt)\b.*"), between(r"và|với")),
    (
        pattern(r"(?P<rest>.+ (?:có )?(?:khác|giống)(?: gì)?(?: so)? với .+)"),
        between(r"(?:có )?(?:khác|giống)(?: gì)?(?: so)? với"),
    ),
    (pattern(r"nên (?:chọn|dùng|mua|sử dụng|lấy|học) (?P<rest>.+?)" + _ASKED), between(r"hay là|hay|hoặc")),
    (
        pattern(r"(?P<rest>.+?) (?:tốt|rẻ|nhanh|an toàn|hiệu quả|phù hợp|dễ|bền|mạnh) hơn\b.*"),
        between(
            r"hay là|hay"
            r"|hoặc"
        ),
    ),
)
_RESPECTS = pattern(r",? (?:về mặt|xét về|trên phương diện|ở khía cạnh|về) ")
_NOUN = (
    r"(?:cái|dịch vụ|loại|thuốc|tùy chọn|việc|điều|chuyện|thứ|chỗ|nơi|cách|người|bệnh|lỗi|vấn đề|trường hợp|phương pháp"
    r"|công cụ|máy|món|lệnh|hàm|gói|bản|tính năng|khách sạn|tour|phương án|bước|ý|thông số|sản phẩm|hãng|lựa chọn"
    r"|con|quyển"
    r"|cuốn|bài|ứng dụng|khoản|giải pháp|mục|câu|kết quả|thiết bị|tham số|giá trị|khu|vùng|vùng đất|thời điểm)"
)
_THAT = r"(?:đó|kia|ấy|này|đấy|nọ)"
_END = r"(?=\s*(?:[?.!,]|$))"
_OPENERS = pattern(
    r"^(?:à|ừ|ok|dạ|vâng|ừm)?[,.]?\s*(?:còn (?!bao|mấy|ai)|thế còn|vậy còn|vậy thì|thế thì|rồi sao|nhưng|hoặc là"
    r"|tương tự"
    r"|ngược lại|tiếp theo|tiếp tục|tiếp đi|ngoài ra|nói rõ|nói thêm|kể thêm|giải thích thêm|cho thêm|cụ thể hơn"
    r"|chi tiết hơn|nếu vậy|nếu thế|nếu không(?: \w+){0,2} (?:thì|có)|như vậy|vậy à|thật không|tại sao vậy|tại sao "
    r"thế|vì sao vậy"
    r"|sao vậy|sao thế|vậy sao|thế sao|vậy à|rồi thì|sau đó|trước đó|trong đó|và (?!\w+ \w+ \w+ \w+ \w+ \w+)|thế "
    r"(?!nào|giới(?! hạn)|kỷ|hệ|mạnh))"
)
_DEICTICS = pattern(
    "|".join(
        [
            r"\b(?!nào|gì|ai|đâu)\w+ (?:đó|này|kia|ấy)\b",
            rf"\b{_NOUN}(?: \w+)? {_THAT}\b",
            r"\b(?:ở|tại|lúc|khi|từ|do|trong|sau|trước|ngoài|đến|tới|qua|ra|vào|lên|xuống|về|với|bằng|hai|ba|mấy|các"
            r"|những|cả)(?: \w+){0,3} "
            r"(?:đó"
            r"|ấy|đấy)\b",
            r"\b(?:ông|bà|anh|chị|cô|cậu|em|chú) (?:ấy|ta|đó)\b",
            r"\bngười thứ (?:nhất|hai|ba)\b",
            r"\b(?:cái|điều|phương án|cách|lựa chọn|tùy chọn|loại|bước|khách sạn|mục|bên) (?:thứ (?:nhất|hai|ba|tư)"
            r"|đầu(?: tiên)?|sau|trước|còn lại|cuối(?: cùng)?|đầu)\b",
            r"\b(?:chỗ|cái|loại|nơi|con|bản|hãng|chiếc) nào (?:rẻ|tốt|gần|nhanh|mới|to|nhỏ|bền|hơn)\b",
            r"\b(?:như|làm|vì) (?:vậy|thế)\b(?! nào)|\bnhư (?:trên|ở trên)\b|\b(?:nói|nhắc|đề cập|kể|nêu|hỏi) (?:ở "
            r")?(?:trên|trước)\b",
            r"\b(?:tôi|em|mình|bạn|anh|chị|bác sĩ|cháu) (?:đã |vừa |mới )(?:nói|hỏi|kể|nhắc|nêu|viết|gợi ý|đề cập|bảo"
            r"|khuyên|giới thiệu)\b",
            r"\b(?:câu hỏi|câu|tin nhắn|ý)(?: \w+)? (?:trước|lúc nãy|ban nãy|hồi nãy|vừa rồi|đầu tiên của tôi|đầu tiên "
            r"của em|vừa nãy)\b",
            r"\b(?:lúc nãy|ban nãy|hồi nãy|vừa nãy|khi nãy|vừa rồi)\b",
            r"\bthì sao\b" + _END,
            r"\bcái (?:đó|kia|này|ấy|khác)\b|\b(?:hai|ba|cả hai) cái\b",
        ]
    )
)
_IDLE = pattern(
    r"\b(?:gì|nào|ai|đâu|bao giờ|lúc|khi) (?:đó|đấy)\b(?=.{12})|\b(?:chúng|bọn) (?:tôi|ta|mình|em|cháu|con)\b|\bhọ "
    r"(?:tên|hàng|và tên|nguyễn|trần|lê|đậu|cam)\b|\bdòng họ\b|\b(?:năm|tháng|tuần|hôm|sáng|chiều|tối|mùa|ngày|thời"
    r"|kỳ|đêm|thế kỷ)(?: \w+)? (?:này|nay)\b|\bnày nọ\b|\bbây giờ\b|\bđó đây\b"
)
_SAID = {
    "first": pattern(
        r"\b(?:câu hỏi|câu|tin nhắn|vấn đề|yêu cầu|ý) (?:đầu tiên|ban đầu|thứ nhất|đầu)(?: của)? (?:tôi"
        r"|em|mình|cháu)\b"
        r"|\b(?:quay|trở) lại (?:câu hỏi|câu|vấn đề) (?:đầu tiên|ban đầu|đầu)\b"
        r"|\b(?:tôi|em|mình) (?:đã )?(?:hỏi|nói) (?:lúc đầu|ban đầu|đầu tiên)\b"
    ),
    "assistant": pattern(
        r"\b(?:bạn|anh|chị|bác sĩ|cậu|ad|shop) (?:đã |vừa |mới )?(?:nói|gợi ý|đề cập|khuyên|giới "
        r"thiệu|nhắc|nêu"
        r"|liệt kê|hướng dẫn|giải thích|trả lời|bảo|chỉ)(?: \w+)? ?(?:ở trên|lúc nãy|ban nãy|hồi "
        r"nãy|trước đó|vừa rồi)?"
        r"|\bcâu trả lời (?:trước|vừa rồi|của bạn|trên)\b"
    ),
    "user": pattern(
        r"\b(?:tôi|em|mình|cháu) (?:đã |vừa |mới |có )?(?:nói|hỏi|kể|nhắc|nêu|viết|mô tả|đề cập|trình "
        r"bày|gửi|báo)"
        r"(?: \w+)?(?: (?:ở trên|ở trước|trước đó|trước|lúc nãy|ban nãy|hồi nãy|vừa rồi|khi nãy|bên trên))"
        r"|\b(?:điều|câu|lỗi|vấn đề|những gì|cái|thông tin|việc|như)(?: mà)? (?:tôi|em|mình|cháu) (?:đã"
        r"|vừa|mới) (?:nói|hỏi|kể|nhắc"
        r"|nêu|viết|mô tả|đề cập|gửi|báo)\b"
        r"|\b(?:câu hỏi|câu|tin nhắn|vấn đề)(?: \w+)? (?:trước|lúc nãy|ban nãy|hồi nãy|vừa rồi|vừa nãy"
        r"|khi nãy)\b"
        r"|\b(?:đã )?(?:nói|nhắc|đề cập|nêu|hỏi) (?:ở )?trên\b"
    ),
}

VIETNAMESE = Lexicon(
    name="vi",
    openings=tuple(pattern(rf"(?:{part})(?![\w'])") for part in _OPENINGS),
    closings=tuple(pattern(part) for part in _CLOSINGS),
    pleasantries=pattern(_PLEASANTRY),
    fillers=pattern(r"(?<=[\s,])(?:làm ơn|vui lòng|ạ)(?=[\s,.?!]|$),?"),
    formal={
        "ko": "không",
        "k": "không",
        "hok": "không",
        "khg": "không",
        "kh": "không",
        "dc": "được",
        "đc": "được",
        "j": "gì",
        "ntn": "như thế nào",
        "bn": "bao nhiêu",
        "bnhieu": "bao nhiêu",
        "mn": "mọi người",
        "vs": "với",
        "vz": "vậy",
        "lm": "làm",
        "lms": "làm sao",
        "trc": "trước",
        "ng": "người",
        "nv": "nhân viên",
        "bv": "bệnh viện",
        "bs": "bác sĩ",
        "đt": "điện thoại",
        "sdt": "số điện thoại",
        "sđt": "số điện thoại",
        "tk": "tài khoản",
        "mk": "mật khẩu",
        "cty": "công ty",
        "hs": "học sinh",
        "sv": "sinh viên",
        "nyc": "người yêu cũ",
        "bth": "bình thường",
        "vx": "vắc xin",
        "vacxin": "vắc xin",
        "tp": "thành phố",
        "hn": "Hà Nội",
        "sg": "Sài Gòn",
        "gđ": "gia đình",
    },
    negations=words("không chưa chẳng đừng chả khỏi ko k hok"),
    functions=_FUNCTIONS,
    aspects=_ASPECTS,
    verbs=_VERBS,
    questions=_QUESTIONS,
    joints=pattern(r"(?<=\S)\s*[,;.?]?\s+(?:và|hoặc|cũng như|đồng thời)\s+(?=\S)"),
    comparisons=_COMPARISONS,
    respects=_RESPECTS,
    others=pattern(r"(?:khác|không|chưa|vân vân|v\.v|nhiều|hơn|sau đó|do đó|vì vậy|nên|thì|mà)\b"),
    pronouns=words("nó chúng đó này kia ấy"),
    openers=_OPENERS,
    deictics=_DEICTICS,
    weak=pattern(r"\b(?:nó|họ|chúng)\b"),
    clauses=pattern(r",|;|:|\b(?:khi|nếu|mà|vì|do|sau khi|trước khi|thì|và|nhưng|để|rằng|hay|hoặc|nên|dù|tuy)\b"),
    idle=_IDLE,
    writer=words("tôi tui tớ mình em cháu"),
    either=pattern(r"(?:nếu|khi nào|có|nên|ai)\b"),
    said=_SAID,
)
