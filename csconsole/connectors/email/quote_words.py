"""Words by which mail programs introduce what they quote, in the languages customers write in.

Each pattern is linear: bounded repeats, no nested ones.
"""

from __future__ import annotations

import re

_FLAGS = re.IGNORECASE

# How an attribution ends: "... wrote:" and its like. What stands behind the verb is a name, a time, a dash.
VERB = re.compile(
    r"(?:\bwrote\b|\bsent\s{0,3}(?=[:：]?\s*$)|\bwrites\b|\bschrieb\b|\bgeschrieben\b|\ba\s+écrit\b|\ba\s+envoyé\b|\becrit\b|\bescribió\b"
    r"|\bescreveu\b|\bha\s+scritto\b|\bscrive\b|\bschreef\b|\bhet\s+volgende\s+geschreven\b"
    r"|\bnapisał(?:a|\(a\))?"
    r"|\bpisze\b|\bskrev\b|\bkirjoitti\b|\bnapsal(?:\(a\)|a)?|\bnapísal(?:\(a\)|a)?"
    r"|\bírta\b|\bпишет\b|\bписал(?:а|\(а\))?"
    r"|\bнаписал(?:а|\(а\))?|\bнаписав(?:ла)?\b|\byazdı\b|\ba\s+scris\b|\bέγραψε\b|\bviết\b"
    r"|\bmenulis\b|\bва\s+написа\b"
    r"|เขียนว่า|ได้เขียน|เขียน|写道|寫道|写到|のメール|書きました|書いていました|wrote|작성|씀|כתב(?:ה|/ה)?|كتب|napisao|је\s+написао)"
    r"[^\n]{0,80}?[:：]?\s*[-–—_*]{0,20}\s*$",
    _FLAGS,
)

ENDS_IN_VERB = re.compile(
    r"(?:wrote|sent|writes|schrieb|geschrieben|écrit|envoyé|escribió|escreveu|scritto|schreef|napisał\S{0,3}|skrev"
    r"|kirjoitti|napsal\S{0,3}|írta|пишет|писал\S{0,3}|написал\S{0,3}|yazdı|scris|έγραψε|viết|menulis|เขียน(?:ว่า)?"
    r"|写道|寫道|작성|씀)[\s\W_]*$",
    _FLAGS,
)

# How it begins.
INTRO = re.compile(
    r"\s*(?:[-–—_*]{1,20}\s*)?(?:On|Am|Den|Le|El|Em|A|Il|In\s+data|Op|W\s+dniu|Dnia|På|Kl\.?|Dne|Dňa|Pe|Pada|Tanggal|Vào"
    r"|Στις|Στις|La|Na|At|ในวันที่|เมื่อ|เมื่อวันที่|วันที่|ที่|El\s+día"
    r"|Sent\s+from|בתאריך|ב-|في|於|于|在)(?=\W|\d|ที่|$)",
    _FLAGS,
)
DATE_FIRST = re.compile(
    r"\s*(?:[-–—_*]{1,20}\s*)?(?:[A-Za-zА-я]{2,12}\.?,?\s+)?(?:\d{1,4}\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,4}"
    r"|\d{1,2}\.?\s+[A-Za-zА-я]{3,12}\.?\s+\d{4}|\d{1,2}[:.]\d\d\s?(?:[ap]m)?,?\s[^\n]{0,30}\b\d{4}\b)",
    _FLAGS,
)  # 2014-10-17 11:28 Name <a@b>:
DATED = re.compile(
    r"\d{1,4}\s?[-./年]\s?\d{1,2}|\d{1,2}[:.]\d{2}|\b(?:19|20|25)\d\d\b|\d{1,2}\.?\s+(?:de\s+)?[A-Za-zÀ-žА-яก-๙]{3}"
    r"|[A-Za-zÀ-ž]{3,9}\.?\s+\d{1,2}\b",
    _FLAGS,
)
ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{1,200}")

_ORIGINAL = (
    r"original\s+(?:message|mail|e-?mail|text)|reply\s+message|reply|ursprüngliche\s+(?:nachricht|mail|e-?mail)"
    r"|original(?:nachricht|mail)|antwort\s+nachricht|message\s+(?:d.origine|initial|original|précédent)"
    r"|mensaje\s+original|mensagem\s+original|messaggio\s+originale"
    r"|oorspronkelijk\s+bericht|originele\s+bericht"
    r"|opprinnelig\s+melding|oprindelig\s+(?:meddelelse|besked)"
    r"|original(?:meddelande|melding)|ursprungligt\s+meddelande"
    r"|alkuperäinen\s+viesti|oryginalna\s+wiadomość|wiadomość\s+oryginalna|původní\s+zpráva|pôvodná\s+správa"
    r"|eredeti\s+üzenet|исходное\s+сообщение|оригинальное\s+сообщение"
    r"|особисте\s+повідомлення|orijinal\s+(?:mesaj|ileti)"
    r"|mesaj\s+original|αρχικό\s+μήνυμα|thư\s+gốc|pesan\s+asli|ข้อความต้นฉบับ|ข้อความเดิม"
    r"|ต้นฉบับ|元のメッセージ|원본\s+메시지"
    r"|原始邮件|原始郵件|原邮件|origineel\s+bericht|הודעה\s+מקורית|الرسالة\s+الأصلية"
)
ORIGINAL = re.compile(rf"\s*[-_=–—*]{{2,40}}\s*(?:{_ORIGINAL})\s*:?\s*[-_=–—*]{{2,40}}\s*$", _FLAGS)

_FORWARDED = (
    r"forwarded\s+(?:message|mail|by)|begin\s+forwarded\s+message|weitergeleitete\s+nachricht"
    r"|anfang\s+der\s+weitergeleiteten\s+nachricht|message\s+transféré"
    r"|début\s+du\s+message\s+(?:transféré|réexpédié)"
    r"|mensaje\s+reenviado|mensagem\s+encaminhada|messaggio\s+inoltrato|inizio\s+messaggio\s+inoltrato"
    r"|doorgestuurd\s+bericht|begin\s+doorgestuurd\s+bericht|videresendt\s+(?:meddelelse|melding|besked)"
    r"|vidarebefordrat\s+(?:meddelande|mail)|välitetty\s+viesti|przekazana\s+wiadomość|wiadomość\s+przekazana"
    r"|přeposlaná\s+zpráva|továbbított\s+üzenet|пересылаемое\s+сообщение|пересланное\s+сообщение"
    r"|переслане\s+повідомлення|iletilen\s+(?:mesaj|ileti)|mesaj\s+redirecționat"
    r"|chuyển\s+tiếp|pesan\s+(?:yang\s+)?diteruskan"
    r"|ข้อความที่ส่งต่อ|ข้อความส่งต่อ|เริ่มข้อความที่ส่งต่อ|転送(?:された)?メッセージ|전달된\s+메[시세]지"
    r"|转发(?:的)?邮件|轉寄(?:的)?郵件|转发邮件信息"
)
FORWARDED = re.compile(rf"\s*[-_=–—*>]{{0,40}}\s*(?:{_FORWARDED})\b[^\n]{{0,40}}$", _FLAGS)
FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|vs|i|inoltra|doorst|vb|pd|ส่งต่อ|转发|轉寄|転送)\s*[:：]", _FLAGS)

_FIELD = {
    "from": (
        r"from|von|de|da|van|från|fra|lähettäjä|od|feladó|от|від|kimden|gönderen|de\s+la|από|từ|dari|จาก"
        r"|ผู้ส่ง|差出人|发件人|寄件者|寄件人|보낸\s*사람|보낸사람|מאת|من|expéditeur|remitente|afzender|mittente"
    ),
    "date": (
        r"sent|date|gesendet|datum|envoyé(?:\s+le)?|enviado(?:\s+el|\s+em)?|fecha|data|inviato|verzonden"
        r"|skickat|sendt|dato|lähetetty|päivämäärä|päiväys|wysłano|odesláno|elküldve|küldve|dátum"
        r"|отправлено|дата|надіслано|gönderildi|gönderilme|tarih|trimis|ημερομηνία|στάλθηκε|ngày|gửi"
        r"|terkirim|tanggal|dikirim|ส่ง(?:เมื่อ)?|วันที่|เมื่อ|送信日時|日時|日付|发送时间|發送時間|发送日期|日期|寄件日期|보낸\s*날짜"
        r"|날짜|נשלח|תאריך|تاريخ|التاريخ"
    ),
    "to": (
        r"to|an|à|a|para|aan|till|til|vastaanottaja|do|komu|címzett|кому|kime|alıcı|către|προς|tới|đến"
        r"|kepada|ถึง|ผู้รับ|宛先|收件人|收件者|받는\s*사람|אל|إلى|destinataire|destinatario"
    ),
    "cc": (r"cc|kopie|copie|kopia|copia|dw|копия|копія|bilgi|สำเนา(?:ถึง)?|抄送|副本|참조|עותק|cc:n"),
    "subject": (
        r"subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|predmet"
        r"|tárgy|тема|konu|subiect|θέμα|chủ\s*đề|tiêu\s*đề|subjek|perihal|เรื่อง|หัวข้อ|หัวเรื่อง|件名|主题"
        r"|主旨|제목|נושא|الموضوع|sujet"
    ),
}
FIELDS = {
    kind: re.compile(rf"[\s>]{{0,8}}\*?(?:{names})\s{{0,3}}\*?\s{{0,2}}[:：]\*?(?:\s|$|\S)", _FLAGS)
    for kind, names in _FIELD.items()
}
LONG_FIELD = re.compile(r"[\s>]{0,8}\*?[^\W\d_][\w .'-]{0,30}\s{0,3}\*?\s{0,2}[:：]")

SENT_FROM = re.compile(
    r"\s*[-–—_*(<\[]{0,3}\s*(?:"
    r"sent\s+(?:from|via|using)\s+(?:my\s+|the\s+)?(?:\w+[\w ®™'’.-]{0,50})"
    r"|get\s+outlook\s+for\s+(?:ios|android|mac|windows)|download\s+outlook"
    r"|obtenir\s+outlook|outlook\s+für\s+\w+\s+(?:beziehen|herunterladen)"
    r"|(?:von|gesendet\s+(?:von|mit|aus))\s+(?:mein(?:em|er)\s+)?[\w ®-]{2,40}(?:\s+gesendet)?"
    r"|diese\s+nachricht\s+wurde\s+von\s+mein"
    r"|envoyé\s+(?:de|depuis|à\s+partir\s+de|avec)\s+[\w ®'’-]{2,40}"
    r"|enviado\s+(?:desde|do|de|a\s+partir\s+do?)\s+[\w ®'’-]{2,40}"
    r"|inviato\s+(?:da|dal)\s+[\w ®'’-]{2,40}|verstuurd\s+vanaf\s+[\w ®'’-]{2,40}"
    r"|verzonden\s+vanaf\s+[\w ®'’-]{2,40}"
    r"|skickat\s+från\s+[\w ®-]{2,40}|sendt\s+fra\s+[\w ®-]{2,40}|lähetetty\s+[\w ®-]{2,40}"
    r"|wysłane\s+z\s+[\w ®-]{2,40}"
    r"|odesláno\s+z\s+[\w ®-]{2,40}|отправлено\s+(?:с|из)\s+[\w ®-]{2,40}"
    r"|iphone.umdan\s+gönderildi|[\w.]{2,20}\s+tarafından\s+gönderildi"
    r"|ส่งจาก\s*[\w ®ก-๛-]{2,40}|ส่งด้วย\s*[\w ®ก-๛-]{2,40}|iPhoneから送信|发自我的\s*[\w ]{2,30}"
    r"|從我的\s*[\w ]{2,30}|나의\s+iPhone에서\s+보냄"
    r"|được\s+gửi\s+từ\s+[\w ®-]{2,40}|dikirim\s+dari\s+[\w ®-]{2,40}|envoyé\s+par\s+[\w ®-]{2,40}"
    r")[^\n]{0,60}$",
    _FLAGS,
)
SENTENCE = re.compile(r"\b(?:is|are|was|were|has|have|will|should|that|which)\b", _FLAGS)
CLOSING = re.compile(
    r"\s*(?:(?:best|kind|kindest|warm|warmest|many)\s+)?(?:regards|wishes)|\s*(?:sincerely|yours|cheers|thanks|thank\s+you)\b"
    r"|\s*(?:mit\s+)?(?:freundlichen?|besten?|vielen?|herzlichen?|viele|liebe|beste|schöne)\s+gr(?:ü|ue)(?:ß|ss)(?:en?)?"
    r"|\s*mfg\b"
    r"|\s*(?:bien\s+)?(?:cordialement|sincères\s+salutations)"
    r"|\s*(?:un\s+)?(?:saludo|saludos|atentamente)|\s*(?:cordiali|distinti)\s+saluti"
    r"|\s*(?:met\s+)?vriendelijke\s+groet(?:en)?"
    r"|\s*(?:med\s+)?(?:vänliga|venlig|vennlig)\s+hälsningar?|\s*(?:med\s+)?venlig\s+hilsen"
    r"|\s*(?:atenciosamente|obrigad[oa])|\s*(?:z\s+poważaniem|pozdrawiam)|\s*с\s+уважением"
    r"|\s*(?:ขอแสดงความนับถือ|ด้วยความเคารพ|ด้วยความนับถือ|ขอบคุณ(?:ครับ|ค่ะ|มาก))",
    _FLAGS,
)
CONTACT = re.compile(
    r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{2,}\.\w{2,}|(?:\+|\b0)[\d][\d\s().-]{6,16}\d|\b(?:tel|phone|mobile|mob|fax|cell|direct|office"
    r"|โทร|มือถือ|แฟกซ์|line\s*id|telefon|tél|téléphone)\b\s*\.?\s*[:.]?|\b(?:ltd|inc|llc"
    r"|gmbh|co\.,|plc|s\.a\.|b\.v\.|บริษัท|จำกัด)\b",
    _FLAGS,
)
DISCLAIMER = re.compile(
    r"[^\n]{0,200}\b(?:confidential|privileged|intended\s+(?:solely|only|recipient)|vertraulich|confidentiel|confidencial|riservat|ความลับ)",
    _FLAGS,
)
DISCLAIMER_START = re.compile(
    r"\s*[*_]{0,3}\s*(?:this\s+(?:e-?mail|message|communication|transmission)|the\s+information\s+(?:contained|in\s+this)|confidential|disclaimer"
    r"|notice|diese\s+(?:e-?mail|nachricht)|ce\s+(?:message|courriel)"
    r"|este\s+(?:mensaje|correo|mensagem|e-?mail)|questo\s+messaggio|อีเมล(?:ฉบับ)?นี้)",
    _FLAGS,
)
LIST_FOOTER = re.compile(
    r"[^\n]{0,200}(?:mailing list|unsubscribe|listinfo|to post to this|groups? ?\.|you received this|ยกเลิกการรับ)",
    _FLAGS,
)
RULE = re.compile(r"\s*[-_=*–—~#]{3,120}\s*$")
SAME_LINE = re.compile(r"(?:[-–—]{2,10}\s*)?\bOn\s(?=[^\n]{0,120}\d)[^\n]{6,200}\bwrote:\s*$")
